//! Gathers what a run has left behind.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use anyhow::Context;
use domain::{
    AccountId, OrderId,
    ports::{Clock, OrderStore},
};
use futures::{StreamExt, TryStreamExt, stream};
use infra::{clock::SystemClock, config::BackendConfig};
use serde_json::Value;
use sqlx::{Connection, PgConnection, types::Uuid};
use tokio::time::{Instant, sleep};
use venues::{LogLocation, simulated::transaction_log};

use super::{cluster::Cluster, load::Records, service::MAX_ATTEMPTS};
use crate::checker::{Evidence, OrderRecord, WalletRecord};

/// Orders that are read at once.
const AT_ONCE: usize = 16;
/// More events than any order has.
const ALL_EVENTS: u32 = 10_000;
/// How long the queue may take to forget what was finished: entries of dead workers are taken back
/// after three heartbeats of five seconds.
const FORGOTTEN_WITHIN: Duration = Duration::from_mins(1);

/// Reads everything.
pub(super) async fn evidence(cluster: &Cluster, records: Records) -> anyhow::Result<Evidence> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let url = cluster.postgres.url();
    let store = infra::store::connect(&direct(&url), clock.clone()).await?;
    let mut database = PgConnection::connect(&url).await?;
    let rows: Vec<(Uuid, Option<String>)> =
        sqlx::query_as("SELECT id, idempotency_key FROM orders ORDER BY id").fetch_all(&mut database).await?;

    let followed: BTreeSet<OrderId> = records.follows.iter().map(|follow| follow.order_id).collect();
    let api = cluster.apis()[0];
    let http = reqwest::Client::new();
    let orders = stream::iter(rows)
        .map(|(id, key)| {
            let (id, store, http) = (OrderId(id), store.clone(), http.clone());
            let is_followed = followed.contains(&id);
            async move {
                let mut record = order(store.as_ref(), id, key).await?;
                if is_followed {
                    record.shown = Some(shown(&http, api, id).await?);
                }
                anyhow::Ok(record)
            }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let log = transaction_log::open(&LogLocation::Postgres(url), clock).await?;
    Ok(Evidence {
        max_attempts: MAX_ATTEMPTS,
        requests: records.requests,
        follows: records.follows,
        feeds: Vec::new(),
        orders,
        transactions: log.entries().await?,
        wallets: WalletRecord::all(store.as_ref(), AccountId::DEFAULT).await?,
        leftovers: leftovers(cluster).await?,
    })
}

/// Straight to the database, not through a proxy.
fn direct(url: &str) -> BackendConfig {
    BackendConfig {
        startup_timeout_ms: 30_000,
        database_url: Some(url.to_owned()),
        redis_url: None,
        data_dir: "data".into(),
        database_max_connections: u32::try_from(AT_ONCE).unwrap_or(10),
        queue_capacity: 1,
        redis_prefix: String::new(),
    }
}

async fn order(store: &dyn OrderStore, id: OrderId, key: Option<String>) -> anyhow::Result<OrderRecord> {
    let account = AccountId::DEFAULT;
    let order = store.order(account, id).await?.context("an order vanished while it was read")?;
    let events = store.events(account, id, 0, ALL_EVENTS).await?;
    let attempts = store.attempts(account, id).await?;
    Ok(OrderRecord { key, order, events, shown: None, attempts })
}

/// The events of an order from the API.
async fn shown(http: &reqwest::Client, api: u16, id: OrderId) -> anyhow::Result<Vec<Value>> {
    let url = format!("http://127.0.0.1:{api}/api/orders/{id}/events?limit=1000");
    Ok(http.get(url).send().await?.error_for_status()?.json().await?)
}

/// What the queue still holds of jobs, once it has had time to forget them.
async fn leftovers(cluster: &Cluster) -> anyhow::Result<Vec<String>> {
    let deadline = Instant::now() + FORGOTTEN_WITHIN;
    loop {
        let held = held(cluster).await?;
        if held.is_empty() || Instant::now() > deadline {
            return Ok(held);
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// Every collection of the queue that is not empty, but for apalis' registers of queues and workers,
/// which are bounded by what runs. What a worker holds is no register.
async fn held(cluster: &Cluster) -> anyhow::Result<Vec<String>> {
    let mut redis = cluster.redis.connection().await;
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut redis).await?;
    let mut held = Vec::new();
    for key in keys.into_iter().filter(|key| !is_register(key)) {
        let kind: String = redis::cmd("TYPE").arg(&key).query_async(&mut redis).await?;
        let size = match kind.as_str() {
            "hash" => "HLEN",
            "list" => "LLEN",
            "set" => "SCARD",
            "zset" => "ZCARD",
            _ => continue,
        };
        let size: u64 = redis::cmd(size).arg(&key).query_async(&mut redis).await?;
        if size > 0 {
            held.push(format!("Redis holds {size} in {key}"));
        }
    }
    Ok(held)
}

fn is_register(key: &str) -> bool {
    let is_of_workers = key.contains("worker") && !key.contains(":inflight");
    key.starts_with("core:apalis:") || is_of_workers
}
