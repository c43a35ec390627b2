//! A private `PostgreSQL` server that can be stopped and started again.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

use crate::{ports, process, tls::Certificates};

/// A server of its own on a free port, with its default durability, killed on drop.
pub struct PostgresServer {
    port: u16,
    programs: PathBuf,
    folder: TempDir,
    speaks_tls: bool,
    process: Option<Child>,
}

impl PostgresServer {
    /// Makes a cluster and starts its server.
    ///
    /// # Panics
    /// When `PostgreSQL` is not installed or does not start.
    pub async fn start() -> Self {
        Self::start_with(None).await
    }

    /// The same, but it speaks TLS to clients that want it.
    ///
    /// # Panics
    /// As [`PostgresServer::start`].
    pub async fn start_with_tls(certificates: &Certificates) -> Self {
        Self::start_with(Some(certificates)).await
    }

    async fn start_with(tls: Option<&Certificates>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // The server may run as another user, who must reach its data.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(folder.path(), open).expect("the folder is ours");
        let speaks_tls = tls.is_some();
        let mut server =
            Self { port: ports::free(), programs: programs(), folder, speaks_tls, process: None };
        server.make_cluster();
        if let Some(certificates) = tls {
            server.keep(&certificates.certificate(), "server.crt");
            server.keep(&certificates.key(), "server.key");
        }
        server.start_again().await;
        server
    }

    /// Where it listens, as its superuser.
    pub fn url(&self) -> String {
        self.url_through(self.port)
    }

    /// The same through another port of this machine, as a proxy's.
    pub fn url_through(&self, port: u16) -> String {
        format!("postgres://postgres@127.0.0.1:{port}/postgres")
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is meant to run: it was started and not stopped since.
    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// Ends the server at once, as a crash would: every connection breaks, nothing is flushed.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn stop_immediately(&mut self) {
        if let Some(mut server) = self.process.take() {
            process::signal(server.id(), "QUIT");
            server.wait().expect("the server has ended");
        }
    }

    /// Starts it on the same port and data, and waits until it answers; it may have to recover.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_again(&mut self) {
        self.stop_immediately();
        let log = fs::File::options().create(true).append(true).open(self.folder.path().join("log"));
        let log = log.expect("the log can be written");
        let child = as_owner(&self.programs.join("postgres"))
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300"])
            .args(["-c", if self.speaks_tls { "ssl=on" } else { "ssl=off" }])
            .args(["-p", &self.port.to_string(), "-D"])
            .arg(self.data())
            .arg("-k")
            .arg(self.data())
            .current_dir(self.data())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log can be written"))
            .stderr(log)
            .spawn();
        self.process = Some(child.expect("postgres starts"));
        while PgConnection::connect(&self.url()).await.is_err() {
            let ended = self.process.as_mut().and_then(|server| server.try_wait().ok().flatten());
            assert!(ended.is_none(), "PostgreSQL does not start:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// From now on nothing can be written, as when the disk is full: not even the log of transactions, so
    /// that the server ends itself. It is over when it is started again.
    ///
    /// # Panics
    /// When the limit cannot be set.
    pub fn fill_disk(&self) {
        let Some(server) = &self.process else { return };
        let own = server.id().to_string();
        let children = Command::new("pgrep").args(["--parent", &own]).output().expect("pgrep is installed");
        let children = String::from_utf8_lossy(&children.stdout).into_owned();
        for process in children.split_whitespace().chain([own.as_str()]) {
            // a child may have ended meanwhile
            let _ = as_owner(Path::new("prlimit")).args(["--pid", process, "--fsize=1:"]).output();
        }
    }

    /// Whether there is a process; it may have ended itself.
    pub fn is_alive(&mut self) -> bool {
        self.process.as_mut().is_some_and(|server| matches!(server.try_wait(), Ok(None)))
    }

    /// Puts a file into the cluster's folder, for the server's eyes only.
    fn keep(&self, file: &Path, name: &str) {
        let kept = self.data().join(name);
        fs::copy(file, &kept).expect("the folder is ours");
        let closed = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(&kept, closed).expect("the file is ours");
        if is_root() {
            succeed(Command::new("chown").arg(owner()).arg(kept));
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn make_cluster(&self) {
        fs::create_dir(self.data()).expect("the folder is ours");
        if is_root() {
            succeed(Command::new("chown").arg(owner()).arg(self.data()));
        }
        succeed(
            as_owner(&self.programs.join("initdb"))
                .args([
                    "-U",
                    "postgres",
                    "-A",
                    "trust",
                    "--no-instructions",
                    "-E",
                    "UTF8",
                    "--locale=C",
                    "-D",
                ])
                .arg(self.data())
                .current_dir(self.data()),
        );
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.stop_immediately();
    }
}

/// Debian keeps the server's programs off the `PATH`.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = versions.map(|version| version.path().join("bin"));
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    folders
        .chain(std::env::split_paths(&on_path))
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
        .expect("PostgreSQL is not installed; run ./scripts/test.sh")
}

/// A program run as a user that `PostgreSQL` accepts: it refuses root.
fn as_owner(program: &Path) -> Command {
    if !is_root() {
        return process::dies_with_parent(program);
    }
    let (user, group) = (id(&["-u", owner()]), id(&["-g", owner()]));
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", &user, "--regid", &group, "--clear-groups", "--pdeathsig", "KILL", "--"])
        .arg(program);
    command
}

fn owner() -> &'static str {
    let exists = Command::new("id").arg("postgres").output().is_ok_and(|asked| asked.status.success());
    if exists { "postgres" } else { "nobody" }
}

fn is_root() -> bool {
    id(&["-u"]) == "0"
}

fn id(arguments: &[&str]) -> String {
    let answer = succeed(Command::new("id").args(arguments));
    String::from_utf8_lossy(&answer.stdout).trim().to_owned()
}

fn succeed(command: &mut Command) -> Output {
    let output = command.output().expect("the program can be run");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
