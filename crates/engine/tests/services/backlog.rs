//! Orders pile up while no worker runs, and are drained while Redis forgets what it knew.

use std::time::Duration;

use futures::{StreamExt, stream};
use sqlx::{Connection, PgConnection};
use testkit::eventually;

use crate::support::Services;

const ORDERS: usize = 20_000;
const CONFIRMED: &str = "SELECT count(*) FROM orders WHERE status = 'confirmed'";
/// What Redis holds for the queue however long the backlog is; its bound is about 1,000 entries.
const OUTSTANDING_AT_MOST: i64 = 1_100;

/// What Redis holds: keys, entries that wait, and bytes.
struct Held {
    keys: i64,
    waiting: i64,
    bytes: i64,
}

async fn held(services: &Services) -> Held {
    let mut redis = services.redis.connection().await;
    let info: String = redis::cmd("INFO").arg("memory").query_async(&mut redis).await.unwrap();
    let bytes = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    let keys = redis::cmd("DBSIZE").query_async(&mut redis).await.unwrap();
    let names: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut redis).await.unwrap();
    let mut waiting = 0;
    for name in names {
        let kind: String = redis::cmd("TYPE").arg(&name).query_async(&mut redis).await.unwrap();
        let size = match kind.as_str() {
            "zset" => "ZCARD",
            "list" => "LLEN",
            "hash" => "HLEN",
            _ => continue,
        };
        let size: i64 = redis::cmd(size).arg(&name).query_async(&mut redis).await.unwrap();
        waiting = waiting.max(size);
    }
    Held { keys, waiting, bytes: bytes.trim().parse().unwrap() }
}

async fn count(database: &mut PgConnection, what: &'static str) -> i64 {
    sqlx::query_scalar(what).fetch_one(database).await.unwrap()
}

/// Waits until all orders are confirmed, and empties Redis once on the way.
async fn drain(services: &Services, database: &mut PgConnection, total: i64) {
    let mut is_flushed = false;
    loop {
        assert_eq!(count(database, "SELECT count(*) FROM orders WHERE status = 'failed'").await, 0);
        let confirmed = count(database, CONFIRMED).await;
        if confirmed == total {
            break;
        }
        if !is_flushed && confirmed > total / 4 {
            let mut redis = services.redis.connection().await;
            redis::cmd("FLUSHALL").exec_async(&mut redis).await.unwrap();
            is_flushed = true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(is_flushed, "the backlog was drained before anything could go wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_without_workers_is_drained_once_and_leaves_nothing_in_redis() {
    let services = Services::new().await;
    let quick = [
        ("SIM_PRESET", "instant"),
        ("RUST_LOG", "error"),
        ("REDELIVER_AFTER_MS", "2000"),
        ("PAPER_BALANCES", "SOL=100000"),
    ];
    let api = services.api(&quick).await;
    // A first order leaves whatever bookkeeping the queue keeps for good.
    {
        let _worker = services.worker(&quick).await;
        let mut database = PgConnection::connect(&services.database_url).await.unwrap();
        api.place("the first").await;
        while count(&mut database, CONFIRMED).await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let before = held(&services).await;

    let names: Vec<String> = (0..ORDERS).map(|index| format!("order-{index}")).collect();
    let placed = stream::iter(&names).map(|name| api.place(name)).buffer_unordered(64);
    assert_eq!(placed.count().await, ORDERS);
    let piled_up = held(&services).await;
    assert!(piled_up.waiting <= OUTSTANDING_AT_MOST, "{} entries wait in Redis", piled_up.waiting);

    let _workers = [services.worker(&quick).await, services.worker(&quick).await];
    let mut database = PgConnection::connect(&services.database_url).await.unwrap();
    let total = i64::try_from(ORDERS).unwrap() + 1;
    let drained = drain(&services, &mut database, total);
    tokio::time::timeout(Duration::from_mins(5), drained).await.expect("the backlog is drained");

    let landed =
        count(&mut database, "SELECT count(*) FROM simulated_transactions WHERE outcome = 'landed'").await;
    assert_eq!(landed, total, "every order landed once");
    assert_eq!(count(&mut database, "SELECT count(DISTINCT order_id) FROM attempts").await, total);
    eventually("Redis holds no more than before the backlog", || async {
        let after = held(&services).await;
        after.keys <= before.keys + 4 && after.waiting <= 8 && after.bytes < before.bytes + 1_000_000
    })
    .await;
}
