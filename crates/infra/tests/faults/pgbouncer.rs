use std::{
    fs,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use infra::{clock::SystemClock, store};
use tempfile::TempDir;
use testkit::{PostgresServer, eventually, ports};

use crate::support::{agree_that_orders_are, settings};

/// A `PgBouncer` in front of a server, as Debian configures it apart from its pool mode.
struct PgBouncer {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl PgBouncer {
    async fn start(server: &PostgresServer, pool_mode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = ports::free();
        let configuration = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\npostgres = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\npool_mode = {pool_mode}\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n",
            server.port()
        );
        fs::write(&configuration, text).unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(folder.path(), open).unwrap();
        // It refuses to run as root.
        let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if is_root {
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        }
        let process = command
            .args(["--", "/usr/sbin/pgbouncer"])
            .arg(&configuration)
            .stderr(Stdio::null())
            .spawn()
            .expect("setpriv is installed");
        let mut started = Self { process, port, _folder: folder };
        eventually("PgBouncer listens; is it installed?", || {
            let ended = started.process.try_wait().unwrap();
            assert!(ended.is_none(), "PgBouncer does not start; run ./scripts/test.sh");
            async move { tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() }
        })
        .await;
        started
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_mixes_sessions_is_refused_at_the_start() {
    let server = PostgresServer::start().await;
    for pool_mode in ["transaction", "statement"] {
        let pooler = PgBouncer::start(&server, pool_mode).await;
        let settings = settings(&server.url_through(pooler.port));
        // The second finds statements that the first left in the pooler's sessions.
        for start in 1..=3 {
            let error = store::connect(&settings, Arc::new(SystemClock)).await.err().expect(pool_mode);
            assert!(
                format!("{error:#}").contains("pool_mode=session"),
                "{pool_mode}, start {start}: {error:#}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_in_session_mode_works_as_it_is_installed() {
    let server = PostgresServer::start().await;
    let pooler = PgBouncer::start(&server, "session").await;
    let settings = settings(&server.url_through(pooler.port));
    let store = store::connect(&settings, Arc::new(SystemClock)).await.unwrap();
    agree_that_orders_are(store.as_ref(), true).await;
}
