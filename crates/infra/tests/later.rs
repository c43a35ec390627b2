//! Rows of a later version beside those of this one, as during an upgrade one process at a time.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::{path::Path, sync::Arc};

use clap::Parser;
use domain::{
    AccountId, EventData, OrderId, OrderStatus,
    ports::{FeedCursor, FeedScope, OrderFilter, OrderStore, PageEnd, StoreError},
};
use infra::{clock::SystemClock, config::BackendConfig, data_dir, store};
use sqlx::{Connection, Executor, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};
use testkit::{eventually, postgres::fresh_database, samples};

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    backend: BackendConfig,
}

async fn accept(store: &dyn OrderStore) -> OrderId {
    let acceptance = samples::acceptance();
    let id = acceptance.order.id;
    store.accept(acceptance).await.unwrap();
    id
}

async fn told(store: &dyn OrderStore, after: FeedCursor) -> Vec<(OrderId, u32)> {
    let page = store.feed(AccountId::DEFAULT, &FeedScope::All, after, 100).await.unwrap();
    page.events.iter().map(|event| (event.order_id, event.event.seq)).collect()
}

/// What a later version may have written, for an order each: a token that this version does not list, a status
/// it does not know, and an event of a kind it does not know.
struct Later {
    unlisted: &'static str,
    waiting: &'static str,
    strange: &'static str,
}

const POSTGRES: Later = Later {
    unlisted: "UPDATE orders SET spec = jsonb_set(spec, '{tokenIn}', '\"NEW\"') WHERE id = $1",
    waiting: "UPDATE orders SET status = 'asleep' WHERE id = $1",
    strange: "INSERT INTO order_events (order_id, seq, status, kind, attempt, at, data)
              VALUES ($1, 2, 'asleep', 'asleep', 0, now(), '{\"kind\": \"asleep\", \"until\": 7}')",
};

const SQLITE: Later = Later {
    unlisted: "UPDATE orders SET spec = json_set(spec, '$.tokenIn', 'NEW') WHERE id = $1",
    waiting: POSTGRES.waiting,
    strange: "INSERT INTO order_events (order_id, seq, status, kind, attempt, at, data)
              VALUES ($1, 2, 'asleep', 'asleep', 0, 0, '{\"kind\": \"asleep\", \"until\": 7}')",
};

async fn open(database_url: Option<String>, folder: &Path) -> Arc<dyn OrderStore> {
    let backend = Settings::try_parse_from(["test"]).unwrap().backend;
    let config = BackendConfig { database_url, data_dir: folder.to_owned(), ..backend };
    store::connect(&config, Arc::new(SystemClock)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_later_version_stop_neither_lists_nor_the_feed_of_postgres() {
    let url = fresh_database().await;
    let store = open(Some(url.clone()), Path::new("unused")).await;
    let mut later = PgConnection::connect(&url).await.unwrap();
    later.execute("ALTER TABLE orders DROP CONSTRAINT orders_status_check").await.unwrap();
    let write = async |statement: &'static str, id: OrderId| {
        let mut later = PgConnection::connect(&url).await.unwrap();
        sqlx::query(statement).bind(id.0).execute(&mut later).await.unwrap().rows_affected()
    };
    rows_of_a_later_version_cost_themselves_at_most(store.as_ref(), &POSTGRES, write).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_later_version_stop_neither_lists_nor_the_feed_of_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(None, folder.path()).await;
    let options = SqliteConnectOptions::new().filename(data_dir::orders(folder.path()));
    let write = async |statement: &'static str, id: OrderId| {
        let mut later = SqliteConnection::connect_with(&options).await.unwrap();
        later.execute("PRAGMA ignore_check_constraints = ON").await.unwrap();
        sqlx::query(statement).bind(id.0).execute(&mut later).await.unwrap().rows_affected()
    };
    rows_of_a_later_version_cost_themselves_at_most(store.as_ref(), &SQLITE, write).await;
}

async fn rows_of_a_later_version_cost_themselves_at_most(
    store: &dyn OrderStore,
    later: &Later,
    write: impl AsyncFn(&'static str, OrderId) -> u64,
) {
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(accept(store).await);
    }
    let [first, unlisted, waiting, strange, last] = ids[..] else { panic!("five orders") };
    for (statement, id) in [(later.unlisted, unlisted), (later.waiting, waiting), (later.strange, strange)] {
        assert_eq!(write(statement, id).await, 1);
    }

    let mut listed = Vec::new();
    let mut filter = OrderFilter::newest(2);
    loop {
        let page = store.orders(AccountId::DEFAULT, filter.clone()).await.unwrap();
        listed.extend(page.orders.iter().map(|order| (order.id, order.status)));
        filter.cursor = page.next;
        if page.next.is_none() {
            break;
        }
    }
    let pending = OrderStatus::Pending;
    assert_eq!(
        listed,
        [(last, pending), (strange, pending), (waiting, OrderStatus::Unknown), (first, pending)]
    );
    let unreadable = store.order(AccountId::DEFAULT, unlisted).await;
    assert!(matches!(unreadable, Err(StoreError::Unreadable(_))), "{unreadable:?}");

    eventually("all that can be read is in the feed", || async {
        let page = store.feed(AccountId::DEFAULT, &FeedScope::All, FeedCursor::START, 100).await.unwrap();
        page.beyond == PageEnd::Nothing && page.events.len() == 6
    })
    .await;
    let expected = [(first, 1), (unlisted, 1), (waiting, 1), (strange, 1), (last, 1), (strange, 2)];
    assert_eq!(told(store, FeedCursor::START).await, expected);
    let events = store.events(AccountId::DEFAULT, strange, 0, 10).await.unwrap();
    let raw = serde_json::json!({"kind": "asleep", "until": 7});
    assert_eq!((events[1].status, &events[1].data), (OrderStatus::Unknown, &EventData::Unknown(raw)));

    assert_eq!(store.active_by_status(10).await.unwrap().with(OrderStatus::Unknown), 1);
    let end = store.feed_end().await.unwrap();
    let next = accept(store).await;
    eventually("a follower gets what comes", || async { told(store, end).await == [(next, 1)] }).await;
}
