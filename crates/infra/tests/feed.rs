//! The feed over `PostgreSQL` when transactions commit in another order than they write in.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::{path::Path, sync::Arc};

use clap::Parser;
use domain::{
    AccountId, OrderId,
    ports::{FeedCursor, FeedScope, OrderStore, PageEnd},
};
use infra::{clock::SystemClock, config::BackendConfig, diagnosis, store};
use sqlx::{Connection, PgConnection};
use testkit::{PostgresServer, eventually, postgres::fresh_database, samples};

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

async fn told(store: &dyn OrderStore, after: FeedCursor) -> (Vec<(OrderId, u32)>, FeedCursor, PageEnd) {
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
    eventually("the first order is in the feed", || async {
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
    assert_eq!((events, beyond), (vec![], PageEnd::Unsettled), "a cursor behind it would skip the other");
    assert!(next >= after);
    let now = store.feed_end().await.unwrap();

    transaction.commit().await.unwrap();
    for after in [after, next, now] {
        eventually("both are in the feed, in the order of their transactions", || async {
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
    eventually("the orders are in the feed", || async {
        told(store.as_ref(), FeedCursor::START).await.0 == [(first, 1), (second, 1)]
    })
    .await;
}

/// Everything in the feed after a cursor once nothing more is to come.
async fn told_whole(store: &dyn OrderStore, after: FeedCursor, count: usize) -> Vec<(OrderId, u32)> {
    eventually("everything is in the feed", || async {
        matches!(store.feed(AccountId::DEFAULT, &FeedScope::All, after, 1_000).await,
            Ok(page) if page.events.len() >= count && page.beyond == PageEnd::Nothing)
    })
    .await;
    told(store, after).await.0
}

/// Transactions of others that left nothing in the log get their ids again after a crash, and the engine's
/// own get some of them: a cursor made of such an id would be behind events that are yet to come.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_that_gives_transaction_ids_out_again_costs_no_event() {
    let mut server = PostgresServer::start().await;
    let store = connect(&server.url()).await;
    let before = accept(store.as_ref()).await;
    assert_eq!(told_whole(store.as_ref(), FeedCursor::START, 1).await, [(before, 1)]);
    for _ in 0..3 {
        let mut stranger = PgConnection::connect(&server.url()).await.unwrap();
        for _ in 0..300 {
            sqlx::query("SELECT pg_current_xact_id()").execute(&mut stranger).await.unwrap();
        }
        let cursor = store.feed_end().await.unwrap();
        server.stop_immediately();
        server.start_again().await;
        let mut placed = Vec::new();
        while placed.len() < 20 {
            let acceptance = samples::acceptance();
            let id = acceptance.order.id;
            if store.accept(acceptance).await.is_ok() {
                placed.push((id, 1));
            }
        }
        let mut found = told_whole(store.as_ref(), cursor, placed.len()).await;
        assert!(store.feed_has(cursor).await.unwrap());
        found.sort_unstable();
        placed.sort_unstable();
        assert_eq!(found, placed);
    }
}

/// A dump keeps the transaction ids of the server it was made on; on another one they lie in the future.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_dump_is_told_from_its_beginning_and_its_old_cursors_are_refused() {
    let url = fresh_database().await;
    let store = connect(&url).await;
    let orders = [accept(store.as_ref()).await, accept(store.as_ref()).await, accept(store.as_ref()).await];
    let expected: Vec<_> = orders.iter().map(|id| (*id, 1)).collect();
    assert_eq!(told_whole(store.as_ref(), FeedCursor::START, 3).await, expected);
    let old = store.feed_end().await.unwrap();
    drop(store);
    let mut admin = PgConnection::connect(&url).await.unwrap();
    sqlx::query(
        "UPDATE order_events SET transaction_id = (transaction_id::text::bigint + 1000000000)::text::xid8",
    )
    .execute(&mut admin)
    .await
    .unwrap();

    let store = connect(&url).await;
    assert_eq!(told_whole(store.as_ref(), FeedCursor::START, 3).await, expected, "in their old order");
    assert!(!store.feed_has(old).await.unwrap());
    let end = store.feed_end().await.unwrap();
    let later = accept(store.as_ref()).await;
    assert_eq!(told_whole(store.as_ref(), end, 1).await, [(later, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_of_another_database_that_stays_open_is_seen_and_named() {
    let (url, other_url) = (fresh_database().await, fresh_database().await);
    let store = connect(&url).await;
    let mut other = PgConnection::connect(&other_url).await.unwrap();
    let mut transaction = other.begin().await.unwrap();
    let (pid, database): (i32, String) =
        sqlx::query_as("SELECT pg_backend_pid(), current_database() FROM pg_current_xact_id()")
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
    let first = accept(store.as_ref()).await;
    let held_at = store.feed_held_at().await.unwrap();
    assert!(held_at.is_some(), "the order is committed and not shown");
    accept(store.as_ref()).await;
    assert_eq!(store.feed_held_at().await.unwrap(), held_at, "the oldest one counts");

    let mut watcher = PgConnection::connect(&url).await.unwrap();
    // other tests share the server
    let open = diagnosis::open_transactions(&mut watcher).await.unwrap();
    let found = open.into_iter().find(|found| found.pid == pid).unwrap();
    assert_eq!((found.database, found.prepared), (database, None));
    assert!(found.open_for.is_some() && found.last_query.is_some());

    transaction.rollback().await.unwrap();
    eventually("everything is shown", || async {
        store.feed_held_at().await.unwrap().is_none()
            && told(store.as_ref(), FeedCursor::START).await.0.first() == Some(&(first, 1))
    })
    .await;
}
