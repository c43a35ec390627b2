//! A private Redis for one test.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::{ports, process::dies_with_parent, tls::Certificates};

/// A `redis-server` of its own on a free port, without persistence unless asked for, killed on drop.
pub struct TestRedis {
    port: u16,
    folder: TempDir,
    /// When it takes snapshots, as in its configuration; empty for never.
    snapshots: &'static str,
    /// Its port over TLS and what it shows there, if it speaks it.
    tls: Option<(u16, Certificates)>,
    process: Option<Child>,
}

impl TestRedis {
    /// Starts a server and waits until it answers.
    ///
    /// # Panics
    /// If `redis-server` is not installed or does not start.
    pub async fn start() -> Self {
        Self::start_with("", None).await
    }

    /// The same, but it speaks TLS too, on a port of its own.
    ///
    /// # Panics
    /// As [`TestRedis::start`].
    pub async fn start_with_tls(certificates: Certificates) -> Self {
        Self::start_with("", Some((ports::free(), certificates))).await
    }

    /// The same, but it takes a snapshot of what changed every second. A server that is stopped and
    /// started again is then as it was at its last snapshot, which may be a little while ago.
    ///
    /// # Panics
    /// As [`TestRedis::start`].
    pub async fn start_with_snapshots() -> Self {
        Self::start_with("1 1", None).await
    }

    async fn start_with(snapshots: &'static str, tls: Option<(u16, Certificates)>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut server = Self { port: 0, folder, snapshots, tls, process: None };
        for _ in 0..20 {
            server.port = ports::free();
            if server.launch().await {
                return server;
            }
        }
        panic!("redis-server does not start; is there no free port?");
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where it listens for TLS.
    ///
    /// # Panics
    /// If it was not started with it.
    pub fn tls_url(&self) -> String {
        format!("rediss://localhost:{}", self.tls.as_ref().expect("it speaks TLS").0)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection for looking at what is in it.
    ///
    /// # Panics
    /// If the server is stopped.
    pub async fn connection(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.url()).expect("a valid URL");
        client.get_multiplexed_async_connection().await.expect("the test's Redis answers")
    }

    /// Whether it is meant to run: it was started and not stopped since.
    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// Whether there is a snapshot that it would start from.
    pub fn has_snapshot(&self) -> bool {
        self.snapshot().exists()
    }

    /// Forgets the last snapshot: a stopped server then starts empty.
    ///
    /// # Panics
    /// When it cannot be removed.
    pub fn forget_snapshot(&self) {
        if self.has_snapshot() {
            std::fs::remove_file(self.snapshot()).expect("the folder is ours");
        }
    }

    fn snapshot(&self) -> PathBuf {
        self.folder.path().join("dump.rdb")
    }

    /// Kills the server. Everything since its last snapshot is lost.
    ///
    /// # Panics
    /// If it cannot be killed.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("redis-server can be killed");
            process.wait().expect("redis-server has ended");
        }
    }

    /// Makes the server hang: connections stay open and nothing is answered until it is stopped.
    ///
    /// # Panics
    /// If it is not running.
    pub fn pause(&self) {
        let process = self.process.as_ref().expect("the server runs");
        let paused = Command::new("kill").args(["-STOP", &process.id().to_string()]).status();
        assert!(paused.expect("kill is installed").success());
    }

    /// Starts it again on the same port, as of its last snapshot; empty if it takes none.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start_again(&mut self) {
        self.stop();
        assert!(self.launch().await, "redis-server does not start again on port {}", self.port);
    }

    /// Whether the server came up; it does not when the port is taken.
    async fn launch(&mut self) -> bool {
        let mut command = dies_with_parent("redis-server");
        if let Some((port, certificates)) = &self.tls {
            command
                .args(["--tls-port", &port.to_string(), "--tls-auth-clients", "no"])
                .arg("--tls-cert-file")
                .arg(certificates.certificate())
                .arg("--tls-key-file")
                .arg(certificates.key())
                .arg("--tls-ca-cert-file")
                .arg(certificates.authority());
        }
        let process = command
            .args(["--bind", "127.0.0.1", "--save", self.snapshots, "--appendonly", "no"])
            .args(["--port", &self.port.to_string()])
            .arg("--dir")
            .arg(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = process.expect("redis-server is not installed; run ./scripts/test.sh");
        let process = self.process.insert(process);
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).expect("a valid URL");
        loop {
            if process.try_wait().expect("redis-server can be asked").is_some() {
                self.process = None;
                return false;
            }
            if let Ok(mut connection) = client.get_multiplexed_async_connection().await
                && redis::cmd("PING").exec_async(&mut connection).await.is_ok()
            {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        self.stop();
    }
}
