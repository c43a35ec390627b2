//! What goes back to a pool, and who waits for what.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use database::{Lease, Pool, PoolOptions, Severity, unfit};
use futures::FutureExt;
use sqlx::{Connection, SqliteConnection};

/// A pool over `:memory:` databases that counts what it opens and can be made to open no more.
fn pool(max_connections: usize) -> (Pool<SqliteConnection>, Arc<AtomicUsize>, Arc<AtomicBool>) {
    let (opened, refuses) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let options = PoolOptions { patience: Duration::from_mins(10), ..PoolOptions::new(max_connections) };
    let made = {
        let (opened, refuses) = (opened.clone(), refuses.clone());
        Pool::new(
            options,
            |connection: &mut SqliteConnection| connection.ping().boxed(),
            move || {
                let (opened, refuses) = (opened.clone(), refuses.clone());
                async move {
                    if refuses.load(Ordering::Relaxed) {
                        return Err(unfit("sorry, too many clients already"));
                    }
                    opened.fetch_add(1, Ordering::Relaxed);
                    SqliteConnection::connect("sqlite::memory:").await
                }
            },
        )
    };
    (made, opened, refuses)
}

/// A mark that only this connection has: the number of a `PRAGMA` of its private database.
async fn mark(lease: &mut Lease<SqliteConnection>) -> i64 {
    sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut **lease).await.expect("it can be read")
}

#[tokio::test]
async fn only_a_connection_that_was_given_back_is_used_again() {
    let (pool, opened, _) = pool(1);
    let mut lease = pool.lease().await.unwrap();
    sqlx::query("PRAGMA user_version = 7").execute(&mut *lease).await.unwrap();
    lease.give_back(());
    let mut lease = pool.lease().await.unwrap();
    assert_eq!(mark(&mut lease).await, 7, "it is the same one");
    drop(lease);
    let mut lease = pool.lease().await.unwrap();
    assert_eq!(mark(&mut lease).await, 0, "it is a new one");
    assert_eq!(opened.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn work_that_is_abandoned_inside_a_transaction_leaves_nothing_behind() {
    let (pool, ..) = pool(1);
    for _ in 0..2 {
        let mut lease = pool.lease().await.unwrap();
        let transaction = lease.begin_with("BEGIN IMMEDIATE").await.unwrap();
        drop(transaction);
        drop(lease);
    }
}

#[tokio::test]
async fn a_caller_gets_a_connection_that_becomes_free_while_no_new_one_can_be_opened() {
    let (pool, opened, refuses) = pool(2);
    let lease = pool.lease().await.unwrap();
    refuses.store(true, Ordering::Relaxed);
    let (next, ()) = tokio::join!(pool.lease(), async {
        tokio::task::yield_now().await;
        lease.give_back(());
    });
    next.unwrap();
    assert_eq!(opened.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_cannot_open_reports_the_reason_of_the_server_and_that_nothing_was_written() {
    let (pool, _, refuses) = pool(2);
    refuses.store(true, Ordering::Relaxed);
    let Err(error) = pool.lease().await else { panic!("there is no connection") };
    assert!(error.to_string().contains("too many clients"), "{error}");
    assert_eq!(Severity::of(&error), Severity::Server);
}

/// A pool whose connections take this long to open, by a clock that stands still. The connections themselves are there
/// already: what happens on other threads takes no time by such a clock.
async fn slow_pool(takes: Duration) -> (Pool<SqliteConnection>, Arc<AtomicUsize>) {
    let mut made = Vec::new();
    for _ in 0..4 {
        made.push(SqliteConnection::connect("sqlite::memory:").await.unwrap());
    }
    tokio::time::pause();
    let (made, begun) = (Arc::new(Mutex::new(made)), Arc::new(AtomicUsize::new(0)));
    let pool = {
        let begun = begun.clone();
        Pool::new(
            PoolOptions::new(4),
            |_: &mut SqliteConnection| async { Ok(()) }.boxed(),
            move || {
                begun.fetch_add(1, Ordering::Relaxed);
                let made = made.clone();
                async move {
                    tokio::time::sleep(takes).await;
                    Ok(made.lock().unwrap().pop().unwrap())
                }
            },
        )
    };
    (pool, begun)
}

/// How long a second caller waits while the first one returns its connection after `held`, and how many connections were
/// begun.
async fn waited(takes: Duration, held: Duration) -> (Duration, usize) {
    let (pool, begun) = slow_pool(takes).await;
    let first = pool.lease().await.unwrap();
    let since = tokio::time::Instant::now();
    let (second, ()) = tokio::join!(pool.lease(), async {
        tokio::time::sleep(held).await;
        first.give_back(());
    });
    let waited = since.elapsed();
    second.unwrap().give_back(());
    for _ in 0..2 {
        pool.lease().await.unwrap().give_back(());
    }
    (waited, begun.load(Ordering::Relaxed))
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[tokio::test]
async fn a_connection_that_is_returned_soon_spares_a_new_one() {
    let (waited, begun) = waited(ms(50), ms(5)).await;
    assert!(waited < ms(10) && begun == 1, "{waited:?}, {begun} begun");
}

#[tokio::test]
async fn a_connection_that_is_being_opened_is_not_given_up() {
    let (waited, begun) = waited(ms(50), ms(20)).await;
    assert_eq!((waited.as_millis() / 10, begun), (6, 2), "after 10 ms it was begun");
}

#[tokio::test]
async fn a_connection_that_does_not_open_holds_up_nobody() {
    let (waited, _) = waited(ms(2_000), ms(500)).await;
    assert_eq!(waited.as_millis() / 10, 50);
}
