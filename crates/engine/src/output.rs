//! Standard output.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use console::Term;
use telemetry::Colors;

/// The columns of a terminal that does not say how many it has.
const DEFAULT_WIDTH: usize = 80;

/// Prints a line; it is there as soon as this returns, also in a pipe.
///
/// # Errors
/// When it cannot be written, for example because the reader has gone.
pub(crate) fn print(line: impl Display) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    Ok(output.flush()?)
}

/// Writes bytes as they are.
///
/// # Errors
/// As [`print`].
pub(crate) fn write(bytes: &[u8]) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(bytes)?;
    Ok(output.flush()?)
}

/// Whether a command ended because its output was closed, as `engine orders | head` does: no reason to
/// complain.
pub(crate) fn is_closed(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Columns of the terminal that standard output goes to; `None` if it goes to a file or a pipe.
pub(crate) fn width() -> Option<usize> {
    let columns = || Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    io::stdout().is_terminal().then(|| columns().filter(|columns| *columns > 0).unwrap_or(DEFAULT_WIDTH))
}

/// Settles when this program writes in colors.
pub(crate) fn set_colors(colors: Colors) {
    console::set_colors_enabled(colors.apply(io::stdout().is_terminal()));
    console::set_colors_enabled_stderr(colors.apply(io::stderr().is_terminal()));
    if colors != Colors::Auto {
        ratatui::crossterm::style::force_color_output(colors == Colors::Always);
    }
}
