//! Real processes over real servers.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use futures::StreamExt;
use serde_json::{Value, json};
use testkit::{PostgresServer, eventually, postgres::fresh_database, redis::TestRedis};
use tokio_tungstenite::connect_async;

/// A process that dies with its test, if not before.
pub(crate) struct Process {
    binary: &'static str,
    port_variable: &'static str,
    pub(crate) port: u16,
    child: Child,
    http: reqwest::Client,
}

impl Process {
    /// What its program answers to `--check`, which containers ask it by.
    pub(crate) fn passes_its_check(&self) -> bool {
        let port = self.port.to_string();
        let check = Command::new(program(self.binary)).arg("--check").env(self.port_variable, port).output();
        check.unwrap().status.success()
    }

    /// Sends `SIGTERM` and waits; whether it ended well.
    pub(crate) fn terminate(&mut self) -> bool {
        testkit::process::signal(self.child.id(), "TERM");
        self.child.wait().unwrap().success()
    }

    /// Sends `SIGKILL`: nothing is finished, nothing is given back.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) async fn is_ready(&self) -> bool {
        let answer = self.http.get(format!("http://127.0.0.1:{}/health/ready", self.port)).send().await;
        answer.is_ok_and(|it| it.status().is_success())
    }

    /// The API's `/health`.
    pub(crate) async fn health(&self) -> Value {
        let answer = self.http.get(format!("http://127.0.0.1:{}/health", self.port)).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// Its metrics.
    pub(crate) async fn metrics(&self) -> String {
        let answer = self.http.get(format!("http://127.0.0.1:{}/metrics", self.port)).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        answer.text().await.unwrap()
    }

    /// Places an order and returns its id.
    pub(crate) async fn place(&self, client_order_id: &str) -> String {
        let answer = self.ask(client_order_id).await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.json::<Value>().await.unwrap()["orderId"].as_str().unwrap().to_owned()
    }

    /// Asks for an order.
    pub(crate) async fn ask(&self, client_order_id: &str) -> reqwest::Result<reqwest::Response> {
        ask(&self.http, self.port, client_order_id).await
    }

    /// Every event a follower is sent, to the end of the stream.
    pub(crate) async fn follow(&self, id: &str) -> Vec<Value> {
        let url = format!("ws://127.0.0.1:{}/api/orders/execute?orderId={id}", self.port);
        let (mut socket, _) = connect_async(url).await.unwrap();
        let mut events = Vec::new();
        loop {
            let message = socket.next().await.expect("the stream ends with its last event").unwrap();
            let Ok(text) = message.into_text() else { continue };
            let Ok(message) = serde_json::from_str::<Value>(&text) else { continue };
            match message["type"].as_str() {
                Some("event") => events.push(message),
                Some("end") => return events,
                _ => {}
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Settings of a process, beside where its servers and its port are.
pub(crate) type Settings<'a> = &'a [(&'a str, &'a str)];

/// The servers that the processes of one test share.
pub(crate) struct Services {
    pub(crate) database_url: String,
    pub(crate) redis: TestRedis,
}

impl Services {
    pub(crate) async fn new() -> Self {
        Self { database_url: fresh_database().await, redis: TestRedis::start().await }
    }

    /// Over a `PostgreSQL` of its own, which can be stopped.
    pub(crate) async fn over(postgres: &PostgresServer) -> Self {
        Self { database_url: postgres.url(), redis: TestRedis::start().await }
    }

    /// Starts a process that has ended again, in the same place, and waits until it is ready.
    pub(crate) async fn start_again(&self, ended: &Process, settings: Settings<'_>) -> Process {
        self.start_at(ended.port, ended.binary, ended.port_variable, settings).await
    }

    /// Starts an API and waits until it is ready.
    pub(crate) async fn api(&self, settings: Settings<'_>) -> Process {
        self.start("order-api", "PORT", settings).await
    }

    /// Starts a worker and waits until it is ready.
    pub(crate) async fn worker(&self, settings: Settings<'_>) -> Process {
        self.start("order-worker", "WORKER_PORT", settings).await
    }

    /// Whether `engine doctor` finds no problem with these servers, and what it finds.
    pub(crate) fn doctor(database_url: &str, redis_url: &str, authority: Option<&str>) -> (bool, String) {
        let mut doctor = Command::new(env!("CARGO_BIN_EXE_engine"));
        doctor.arg("doctor").env("DATABASE_URL", database_url).env("REDIS_URL", redis_url).env("PORT", "0");
        if let Some(authority) = authority {
            doctor.env("SSL_CERT_FILE", authority);
        }
        let found = doctor.output().unwrap();
        (found.status.success(), String::from_utf8(found.stdout).unwrap())
    }

    /// Whether what is stored keeps every promise, and what is said about it. Nothing may run.
    pub(crate) fn check(&self) -> (bool, String) {
        let found = Command::new(program("check")).env("DATABASE_URL", &self.database_url).output().unwrap();
        let said = [found.stdout, found.stderr].concat();
        (found.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    async fn start(
        &self,
        binary: &'static str,
        port_variable: &'static str,
        settings: Settings<'_>,
    ) -> Process {
        self.start_at(testkit::ports::free(), binary, port_variable, settings).await
    }

    async fn start_at(
        &self,
        port: u16,
        binary: &'static str,
        port_variable: &'static str,
        settings: Settings<'_>,
    ) -> Process {
        let child = Command::new(program(binary))
            .env("DATABASE_URL", &self.database_url)
            .env("REDIS_URL", self.redis.url())
            .env("RUST_LOG", "warn")
            .env(port_variable, port.to_string())
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let process = Process { binary, port_variable, port, child, http: testkit::tls::http_client() };
        eventually(&format!("{binary} is ready"), || process.is_ready()).await;
        process
    }
}

/// The services' programs lie beside the engine's.
fn program(binary: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_BIN_EXE_engine")).with_file_name(binary);
    assert!(path.exists(), "{binary} is not built; run cargo build --workspace --bins");
    path
}

/// Asks the API at a port for an order.
pub(crate) async fn ask(
    http: &reqwest::Client,
    port: u16,
    client_order_id: &str,
) -> reqwest::Result<reqwest::Response> {
    http.post(format!("http://127.0.0.1:{port}/api/orders/execute"))
        .json(&json!({
            "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "slippageBps": 500,
            "clientOrderId": client_order_id,
        }))
        .send()
        .await
}
