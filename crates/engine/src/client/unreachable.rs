//! Why an engine did not answer, for people.

use std::{error::Error, fmt, io};

/// No engine answered.
#[derive(Debug)]
pub(crate) struct Unreachable {
    base: String,
    /// `None`: nothing listens there.
    cause: Option<String>,
}

impl Unreachable {
    /// Libraries repeat the cause at every layer; the innermost one is the most specific.
    pub(super) fn new(base: &str, error: &(dyn Error + 'static)) -> Self {
        let mut innermost = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        let is_refused = innermost
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
        Self { base: base.to_owned(), cause: (!is_refused).then(|| innermost.to_string()) }
    }

    /// Without advice.
    pub(crate) fn in_short(&self) -> String {
        let cause = self.cause.as_ref().map(|cause| format!(": {cause}"));
        format!("No engine at {}{}", self.base, cause.unwrap_or_default())
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_short())?;
        if self.cause.is_none() { f.write_str(". Start one with `engine`, or set --url.") } else { Ok(()) }
    }
}

impl Error for Unreachable {}
