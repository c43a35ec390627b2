//! Standard output.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Prints a line; it is there as soon as this returns, also in a pipe.
///
/// # Errors
/// When it cannot be written, for example because the reader has gone.
pub(crate) fn print(line: impl Display) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    Ok(output.flush()?)
}

/// Whether a command ended because its output was closed, as `engine orders | head` does: no reason to
/// complain.
pub(crate) fn is_closed(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
