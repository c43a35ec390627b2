//! The services mode as real processes over real servers: two APIs, two workers, one of which dies.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use futures::{StreamExt, future::join_all};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, Row};
use testkit::{eventually, eventually_some, postgres::fresh_database, redis::TestRedis};
use tokio_tungstenite::connect_async;

/// A process that dies with its test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Services {
    database_url: String,
    redis: TestRedis,
    prefix: String,
}

impl Services {
    async fn new() -> Self {
        Self { database_url: fresh_database().await, redis: TestRedis::start().await, prefix: "e2e".into() }
    }

    fn start(&self, binary: &str, port_variable: &str, port: u16, more: &[(&str, &str)]) -> Process {
        let path = PathBuf::from(env!("CARGO_BIN_EXE_engine")).with_file_name(binary);
        assert!(path.exists(), "{binary} is not built; run cargo build --workspace --bins");
        let child = Command::new(path)
            .env("DATABASE_URL", &self.database_url)
            .env("REDIS_URL", self.redis.url())
            .env("REDIS_PREFIX", &self.prefix)
            .env("RUST_LOG", "warn")
            .env(port_variable, port.to_string())
            .envs(more.iter().copied())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Process(child)
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn is_ready(port: u16) -> bool {
    reqwest::get(format!("http://127.0.0.1:{port}/health/ready"))
        .await
        .is_ok_and(|it| it.status().is_success())
}

async fn place(port: u16, client_order_id: &str) -> String {
    let answer = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{port}/api/orders/execute"))
        .json(&json!({
            "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "slippageBps": 500,
            "clientOrderId": client_order_id,
        }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    answer.json::<Value>().await.unwrap()["orderId"].as_str().unwrap().to_owned()
}

/// Every event a follower is sent, to the end of the stream.
async fn follow(port: u16, id: &str) -> Vec<Value> {
    let url = format!("ws://127.0.0.1:{port}/api/orders/execute?orderId={id}");
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

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_loses_no_order_and_repeats_none() {
    const ORDERS: usize = 40;
    let services = Services::new().await;
    // Slow enough landings that orders are in flight when the worker dies, and a short lease.
    let slow = [
        ("SIM_PRESET", "ideal"),
        ("SIM_LANDING_MIN_MS", "800"),
        ("SIM_LANDING_MAX_MS", "1200"),
        ("LEASE_MS", "1500"),
    ];
    let (api, other_api) = (free_port(), free_port());
    let _api = services.start("order-api", "PORT", api, &slow);
    let _other_api = services.start("order-api", "PORT", other_api, &slow);
    let (doomed, survivor) = (free_port(), free_port());
    let mut doomed_worker = services.start("order-worker", "WORKER_PORT", doomed, &slow);
    for port in [api, other_api, doomed] {
        eventually("the process is ready", || is_ready(port)).await;
    }

    let names: Vec<String> = (0..ORDERS).map(|index| format!("order-{index}")).collect();
    let ids = join_all(names.iter().map(|name| place(api, name))).await;
    let followers = join_all(ids.iter().map(|id| follow(other_api, id)));
    let mut database = PgConnection::connect(&services.database_url).await.unwrap();
    let crash = async {
        eventually_some("attempts are in flight", || {
            let url = services.database_url.clone();
            async move {
                let mut database = PgConnection::connect(&url).await.ok()?;
                let row = sqlx::query("SELECT count(*) FROM attempts WHERE state = 'unresolved'")
                    .fetch_one(&mut database)
                    .await
                    .ok()?;
                (row.get::<i64, _>(0) >= 5).then_some(())
            }
        })
        .await;
        doomed_worker.0.kill().unwrap(); // SIGKILL
        services.start("order-worker", "WORKER_PORT", survivor, &slow)
    };
    let (seen, _survivor) =
        tokio::time::timeout(Duration::from_mins(2), async { tokio::join!(followers, crash) }).await.unwrap();

    for (id, events) in ids.iter().zip(&seen) {
        let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "{id}");
        let statuses: BTreeSet<&str> = events.iter().map(|event| event["status"].as_str().unwrap()).collect();
        assert!(statuses.contains("confirmed") && !statuses.contains("failed"), "{id}: {statuses:?}");
    }
    // The chain's ledger is the oracle: one landed transaction an order, the confirmed one.
    let landed: Vec<(String,)> =
        sqlx::query_as("SELECT signature FROM simulated_transactions WHERE outcome = 'landed'")
            .fetch_all(&mut database)
            .await
            .unwrap();
    let confirmed: BTreeMap<&str, &str> = seen
        .iter()
        .map(|events| events.last().unwrap())
        .map(|event| (event["data"]["signature"].as_str().unwrap(), event["orderId"].as_str().unwrap()))
        .collect();
    assert_eq!(confirmed.len(), ORDERS);
    assert_eq!(landed.len(), ORDERS);
    assert!(landed.iter().all(|(signature,)| confirmed.contains_key(signature.as_str())));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_orders_are_still_accepted_and_execute_once_it_is_back() {
    let mut services = Services::new().await;
    let quick = [("SIM_PRESET", "instant")];
    let (api, worker) = (free_port(), free_port());
    let _api = services.start("order-api", "PORT", api, &quick);
    let _worker = services.start("order-worker", "WORKER_PORT", worker, &quick);
    for port in [api, worker] {
        eventually("the process is ready", || is_ready(port)).await;
    }
    services.redis.stop();
    let id = place(api, "while Redis is down").await;
    eventually("/health says so, and the API stays ready", || async {
        let health = reqwest::get(format!("http://127.0.0.1:{api}/health")).await.unwrap();
        let is_degraded = health.status().is_success()
            && health.json::<Value>().await.unwrap()["status"].as_str() == Some("degraded");
        is_degraded && is_ready(api).await
    })
    .await;
    services.redis.start_again().await;
    let events = tokio::time::timeout(Duration::from_mins(2), follow(api, &id)).await.unwrap();
    assert_eq!(events.last().unwrap()["status"], "confirmed");
}
