//! An embedded engine whose wall clock is set back and forth.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use testkit::{FakeTime, eventually, eventually_some, ports, tls::http_client};

/// Far more than any test waits, in seconds.
const HOUR: i64 = 3_600;

struct Engine {
    process: Child,
    url: String,
}

impl Engine {
    /// Its orders are tried three times, and every attempt reverts.
    fn start(folder: &Path, clock: &FakeTime) -> Self {
        let port = ports::free();
        let log = std::fs::File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let mut process = Command::new("setpriv");
        process
            .args(["--pdeathsig", "KILL", "--", env!("CARGO_BIN_EXE_engine"), "--port", &port.to_string()])
            .args(["--sim-preset", "ideal", "--sim-revert-bps", "10000", "--data-dir"])
            .arg(folder.join("data"))
            .stdout(Stdio::null())
            .stderr(log);
        let process = clock.give_to(&mut process).spawn().unwrap();
        Self { process, url: format!("http://127.0.0.1:{port}") }
    }

    async fn place(&self) -> Option<String> {
        let body = json!({ "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1" });
        let asked = http_client().post(format!("{}/api/orders/execute", self.url)).json(&body);
        let order: Value = asked.send().await.ok()?.error_for_status().ok()?.json().await.ok()?;
        Some(order["orderId"].as_str()?.to_owned())
    }

    async fn status(&self, order: &str) -> Option<String> {
        let asked = http_client().get(format!("{}/api/orders/{order}", self.url));
        let order: Value = asked.send().await.ok()?.json().await.ok()?;
        Some(order["status"].as_str()?.to_owned())
    }

    async fn placed(&self) -> String {
        eventually_some("an order is accepted", || self.place()).await
    }

    async fn comes_to(&self, order: &str, status: &str) {
        eventually(&format!("{order} is {status}"), || async {
            self.status(order).await.as_deref() == Some(status)
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
async fn orders_go_on_and_ids_grow_when_the_wall_clock_is_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let clock = FakeTime::new();
    let engine = Engine::start(folder.path(), &clock);
    let first = engine.placed().await;
    engine.comes_to(&first, "submitted").await;
    clock.set(-HOUR);
    let second = engine.placed().await;
    assert!(second > first, "{second} is newer than {first}");
    engine.comes_to(&first, "failed").await;
    engine.comes_to(&second, "failed").await;
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log.matches("the wall clock stepped").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_a_killed_engine_go_on_when_the_wall_clock_was_set_back_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let clock = FakeTime::new();
    clock.set(HOUR);
    let engine = Engine::start(folder.path(), &clock);
    let first = engine.placed().await;
    engine.comes_to(&first, "submitted").await;
    drop(engine);
    clock.set(0);
    let engine = Engine::start(folder.path(), &clock);
    let second = engine.placed().await;
    assert!(second > first, "{second} is newer than {first}");
    engine.comes_to(&first, "failed").await;
}
