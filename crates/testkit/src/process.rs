//! Child processes that leave nothing behind.

use std::{ffi::OsStr, process::Command};

/// A program that is killed when the thread that starts it ends, also by `SIGKILL`. Start it from a
/// thread that lives as long as the test.
pub fn dies_with_parent(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// Sends a signal such as `STOP`, `CONT`, `TERM`, `QUIT` or `KILL`. A process that is gone is no
/// error.
pub fn signal(process_id: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process_id.to_string()]).output();
    sent.expect("kill is installed");
}
