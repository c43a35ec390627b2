//! The feed over `PostgreSQL` when transactions commit in another order than they write in.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::{path::Path, sync::Arc};

use clap::Parser;
use domain::{
    AccountId, OrderId,
    ports::{Beyond, FeedCursor, FeedScope, OrderStore},
};
use infra::{clock::SystemClock, config::BackendConfig, store};
use sqlx::{Connection, PgConnection};
use testkit::{eventually, postgres::fresh_database, samples};

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    backend: BackendConfig,
}

async fn connect(url: &str) -> Arc<dyn OrderStore> {
    let backend = Settings::try_parse_from(["test"]).unwrap().backend;
    let config = BackendConfig {
        database_url: Some(url.to_owned()),
        data_dir: Path::new("unused").to_owned(),
        ..backend
    };
    store::connect(&config, Arc::new(SystemClock)).await.unwrap()
}

async fn accept(store: &dyn OrderStore) -> OrderId {
    let acceptance = samples::acceptance();
    let id = acceptance.order.id;
    store.accept(acceptance).await.unwrap();
    id
}

/// Writes the second event of an order, as any client of the database could.
const SECOND_EVENT: &str = "INSERT INTO order_events (order_id, seq, status, kind, attempt, at, data)
    VALUES ($1, 2, 'routing', 'routing_started', 1, now(), '{\"kind\":\"routing_started\"}')";

async fn told(store: &dyn OrderStore, after: FeedCursor) -> (Vec<(OrderId, u32)>, FeedCursor, Beyond) {
    let page = store.feed(AccountId::DEFAULT, &FeedScope::All, after, 100).await.unwrap();
    let events = page.events.iter().map(|event| (event.order_id, event.event.seq)).collect();
    (events, page.next, page.beyond)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_transaction_may_still_write_is_waited_for() {
    let url = fresh_database().await;
    let store = connect(&url).await;
    let first = accept(store.as_ref()).await;
    let mut after = FeedCursor::START;
    eventually("the first order is told", || async {
        told(store.as_ref(), FeedCursor::START).await.0 == [(first, 1)]
    })
    .await;
    after = after.max(told(store.as_ref(), after).await.1);

    let mut slow = PgConnection::connect(&url).await.unwrap();
    let mut transaction = slow.begin().await.unwrap();
    sqlx::query(SECOND_EVENT).bind(first.0).execute(&mut *transaction).await.unwrap();
    let second = accept(store.as_ref()).await; // began later and commits earlier
    assert_eq!(store.events(AccountId::DEFAULT, second, 0, 10).await.unwrap().len(), 1, "it is committed");
    let (events, next, beyond) = told(store.as_ref(), after).await;
    assert_eq!((events, beyond), (vec![], Beyond::Unsettled), "a cursor behind it would skip the other");
    assert!(next >= after);
    let now = store.feed_end().await.unwrap();

    transaction.commit().await.unwrap();
    for after in [after, next, now] {
        eventually("both are told, in the order of their transactions", || async {
            told(store.as_ref(), after).await.0 == [(first, 2), (second, 1)]
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_transaction_took_back_holds_nothing_up() {
    let url = fresh_database().await;
    let store = connect(&url).await;
    let first = accept(store.as_ref()).await;
    let mut other = PgConnection::connect(&url).await.unwrap();
    let mut transaction = other.begin().await.unwrap();
    sqlx::query(SECOND_EVENT).bind(first.0).execute(&mut *transaction).await.unwrap();
    let second = accept(store.as_ref()).await;
    transaction.rollback().await.unwrap();
    eventually("the orders are told", || async {
        told(store.as_ref(), FeedCursor::START).await.0 == [(first, 1), (second, 1)]
    })
    .await;
}
