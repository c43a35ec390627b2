//! An engine as a process, and commands that talk to it.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) output: String,
    pub(crate) complaint: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap(),
            output: String::from_utf8(output.stdout).unwrap(),
            complaint: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The program, with none of the settings of whoever runs the tests.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    command.args(arguments);
    for setting in [
        "DATABASE_URL",
        "REDIS_URL",
        "DATA_DIR",
        "ENGINE_URL",
        "ENGINE_TOKEN",
        "SSL_CERT_FILE",
        "HOST",
        "PORT",
        "RUST_LOG",
    ] {
        command.env_remove(setting);
    }
    command
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    program(arguments).output().unwrap().into()
}

/// An embedded engine that dies with its test.
pub(crate) struct Engine {
    child: Child,
    pub(crate) url: String,
    _data: TempDir,
}

impl Engine {
    /// Starts one without delays and waits until it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut child = program(arguments)
            .args(["--port", "0", "--sim-preset", "instant", "--rust-log", "error", "--data-dir"])
            .arg(data.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut welcome = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut welcome).unwrap();
        let url = welcome.trim_end().rsplit(' ').next().unwrap().to_owned();
        assert!(url.starts_with("http://"), "{welcome}");
        Self { child, url, _data: data }
    }

    /// A command that talks to this engine.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.env("ENGINE_URL", &self.url);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs a command with `--json` and reads its lines.
    pub(crate) fn ask_json(&self, arguments: &[&str]) -> Vec<Value> {
        let ran = self.ask(&[arguments, &["--json"]].concat());
        ran.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
