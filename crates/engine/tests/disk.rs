//! An embedded engine whose disk stops taking writes for a while.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Child, Command, Stdio};

use serde_json::json;
use testkit::{eventually, ports, tls::http_client};

struct Engine {
    process: Child,
    url: String,
    data: tempfile::TempDir,
}

impl Engine {
    fn start() -> Self {
        let (data, port) = (tempfile::tempdir().unwrap(), ports::free());
        // A write beyond the limit on a file's size would end the process with a signal by default.
        let process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--", "sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"])
            .args([env!("CARGO_BIN_EXE_engine"), "--port", &port.to_string(), "--sim-preset", "instant"])
            .arg("--data-dir")
            .arg(data.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, url: format!("http://127.0.0.1:{port}"), data }
    }

    /// From now on every write beyond this offset of a file fails.
    fn limit_files(&self, to: &str) {
        let limit = format!("--fsize={to}:");
        let done = Command::new("prlimit").args(["--pid", &self.process.id().to_string(), &limit]).status();
        assert!(done.unwrap().success());
    }

    async fn place(&self) -> Option<u16> {
        let body = json!({ "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1" });
        let asked = http_client().post(format!("{}/api/orders/execute", self.url)).json(&body);
        Some(asked.send().await.ok()?.status().as_u16())
    }

    async fn readiness(&self) -> Option<u16> {
        let asked = http_client().get(format!("{}/health/ready", self.url));
        Some(asked.send().await.ok()?.status().as_u16())
    }

    /// Stops it as a service manager does.
    fn stop(&mut self) {
        let stopped = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        assert!(stopped.unwrap().success());
        assert!(self.process.wait().unwrap().success(), "a clean stop");
    }

    async fn open_orders(&self) -> Option<usize> {
        let mut open = 0;
        for status in ["pending", "routing", "building", "submitted"] {
            let asked = http_client().get(format!("{}/api/orders?status={status}", self.url));
            let page: serde_json::Value = asked.send().await.ok()?.json().await.ok()?;
            open += page.as_array()?.len();
        }
        Some(open)
    }

    async fn agrees_that_orders_are(&self, are_written: bool) {
        let expected = if are_written { (Some(201), Some(200)) } else { (Some(503), Some(503)) };
        eventually(&format!("POST and readiness answer {expected:?}"), || async {
            (self.place().await, self.readiness().await) == expected
        })
        .await;
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_i_o_errors_orders_are_written_again_without_a_restart() {
    let engine = Engine::start();
    engine.agrees_that_orders_are(true).await;
    for _ in 0..2 {
        engine.limit_files("4096");
        engine.agrees_that_orders_are(false).await;
        engine.limit_files("unlimited");
        engine.agrees_that_orders_are(true).await;
        eventually("every order executes", || async { engine.open_orders().await == Some(0) }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_stop_leaves_nothing_in_the_logs_of_the_files() {
    let mut engine = Engine::start();
    engine.agrees_that_orders_are(true).await;
    eventually("every order executes", || async { engine.open_orders().await == Some(0) }).await;
    engine.stop();
    for file in ["orders.db", "simulated-chain.db"] {
        assert!(engine.data.path().join(file).exists(), "{file}");
        let log = engine.data.path().join(format!("{file}-wal"));
        let left = std::fs::metadata(&log).map_or(0, |log| log.len());
        assert_eq!(left, 0, "{}", log.display());
    }
}
