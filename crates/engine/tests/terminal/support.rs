//! An engine as a process, and commands that talk to it.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
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

/// The program, with none of the settings of the environment that runs the tests.
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
        "NO_COLOR",
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

/// Runs a command on a terminal of so many columns; returns its lines.
pub(crate) fn on_terminal(columns: u16, command: &Command) -> Vec<String> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let line = format!("stty cols {columns} rows 40; exec {}", words.join(" "));
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    let shown = String::from_utf8(script.output().unwrap().stdout).unwrap();
    shown.lines().map(|line| line.trim_end_matches('\r').to_owned()).collect()
}

/// A line as it is read, without colors.
pub(crate) fn plain(line: &str) -> String {
    console::strip_ansi_codes(line).into_owned()
}

/// The id of the order that a command has submitted.
pub(crate) fn id_of(submitted: &Ran) -> String {
    submitted.output.lines().next().unwrap().strip_prefix("order ").unwrap().to_owned()
}

/// An embedded engine that dies with its test.
pub(crate) struct Engine {
    child: Child,
    pub(crate) url: String,
    data: PathBuf,
    /// The folder of its data, unless the test has it.
    folder: Option<TempDir>,
}

impl Engine {
    /// Starts one without delays and waits until it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut engine = Self::start_over(folder.path(), arguments);
        engine.folder = Some(folder);
        engine
    }

    /// Starts one over a data folder.
    pub(crate) fn start_over(data: &Path, arguments: &[&str]) -> Self {
        let mut child = program(arguments)
            .args(["--port", "0", "--sim-preset", "instant", "--rust-log", "error", "--data-dir"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut welcome = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut welcome).unwrap();
        let url = welcome.trim_end().rsplit(' ').next().unwrap().to_owned();
        assert!(url.starts_with("http://"), "{welcome}");
        Self { child, url, data: data.to_owned(), folder: None }
    }

    /// The id of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// Ends it; its data stays as long as what is returned.
    pub(crate) fn stop(mut self) -> Option<TempDir> {
        testkit::process::signal(self.child.id(), "TERM");
        assert!(self.child.wait().unwrap().success());
        self.folder.take()
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
