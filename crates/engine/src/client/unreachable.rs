//! Why an engine did not answer, for people.

use std::{error::Error, fmt, io};

use reqwest::StatusCode;

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
        while let Some(inner) = inner(innermost) {
            innermost = inner;
        }
        let is_refused = innermost
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
        Self { base: base.to_owned(), cause: (!is_refused).then(|| in_words(innermost)) }
    }

    /// Something answers, but no engine.
    pub(super) fn another(base: &str, status: StatusCode) -> Self {
        Self { base: base.to_owned(), cause: Some(format!("another server answers there ({status})")) }
    }

    /// Without advice.
    pub(crate) fn in_short(&self) -> String {
        let cause = self.cause.as_ref().map(|cause| format!(": {cause}"));
        format!("No engine at {}{}", self.base, cause.unwrap_or_default())
    }

    /// Whether nothing listens there.
    pub(crate) fn is_nothing(&self) -> bool {
        self.cause.is_none()
    }
}

/// What an error wraps. One of input or output hides the error that it was made from.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let hidden = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    hidden.map(|hidden| hidden as _).or(error.source())
}

fn in_words(error: &(dyn Error + 'static)) -> String {
    match error.downcast_ref::<rustls::Error>() {
        Some(rustls::Error::InvalidMessage(_)) => {
            return "what answers there does not speak TLS; try http://".to_owned();
        }
        Some(rustls::Error::InvalidCertificate(reason)) => {
            return format!("its certificate is not trusted ({reason}); see SSL_CERT_FILE");
        }
        _ => {}
    }
    let is_not_http = error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse);
    if is_not_http {
        "what answers there does not speak HTTP; try https://".to_owned()
    } else {
        error.to_string()
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_short())?;
        if self.is_nothing() { f.write_str(". Run engine to start one, or set --url.") } else { Ok(()) }
    }
}

impl Error for Unreachable {}
