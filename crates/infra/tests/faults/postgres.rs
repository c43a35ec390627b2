use std::{sync::Arc, time::Duration};

use domain::ports::StoreError;
use futures::future::join_all;
use infra::{clock::SystemClock, store};
use sqlx::{Connection, PgConnection};
use testkit::{PostgresServer, SilencingProxy, eventually, postgres::fresh_database, samples};

use crate::support::{accept, administer, agree_that_orders_are, connect, settings};

/// Locks that are waited for in this database.
const WAITING: &str = "SELECT FROM pg_locks WHERE NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_fall_silent_for_ever_cost_a_deadline_and_no_restart() {
    let server = PostgresServer::start().await;
    let proxy = SilencingProxy::start(server.port()).await;
    let store = connect(&server.url_through(proxy.port())).await;
    agree_that_orders_are(store.as_ref(), true).await;
    // Nothing gets through.
    proxy.stay_silent(true);
    let sent = accept(store.as_ref());
    let watched = agree_that_orders_are(store.as_ref(), false);
    let (sent, ()) = tokio::join!(sent, watched);
    assert!(sent.is_err(), "{sent:?}");
    proxy.stay_silent(false);
    agree_that_orders_are(store.as_ref(), true).await;
    // Only what is open falls silent, twice: as many connections as there are writers.
    for _ in 0..2 {
        proxy.silence();
        join_all((0..20).map(|_| accept(store.as_ref()))).await;
        agree_that_orders_are(store.as_ref(), true).await;
    }
    assert!(proxy.silenced() > 1);
    assert!(store.orders(samples::acceptance().order.account, all()).await.is_ok(), "reads work too");
}

/// It waited behind writes that were sent and never answered.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_caller_gave_up_before_it_was_sent_is_never_written() {
    let server = PostgresServer::start().await;
    let proxy = SilencingProxy::start(server.port()).await;
    let store = connect(&server.url_through(proxy.port())).await;
    agree_that_orders_are(store.as_ref(), true).await;
    proxy.stay_silent(true);
    let sent = {
        let store = store.clone();
        tokio::spawn(async move { accept(store.as_ref()).await })
    };
    let given_up: Vec<_> = (0..600).map(|_| samples::acceptance()).collect();
    let waiting = join_all(given_up.iter().map(|asked| store.accept(asked.clone())));
    assert!(tokio::time::timeout(Duration::from_millis(200), waiting).await.is_err(), "they wait");
    assert!(sent.await.unwrap().is_err());
    proxy.stay_silent(false);
    agree_that_orders_are(store.as_ref(), true).await;
    for asked in given_up {
        assert_eq!(store.order(asked.order.account, asked.order.id).await.unwrap(), None);
    }
}

fn all() -> domain::ports::OrderFilter {
    domain::ports::OrderFilter::newest(10)
}

/// As after a failover in which the old primary lives on: its sessions cannot write, new ones can.
#[tokio::test(flavor = "multi_thread")]
async fn connections_to_a_demoted_server_are_replaced() {
    let server = PostgresServer::start().await;
    let store = connect(&server.url()).await;
    join_all((0..8).map(|_| accept(store.as_ref()))).await;
    administer(
        &server.url(),
        &[
            "ALTER ROLE postgres SET default_transaction_read_only = off",
            "ALTER SYSTEM SET default_transaction_read_only = on",
            "SELECT pg_reload_conf()",
        ],
    )
    .await;
    eventually("a session of before cannot write", || {
        let written = accept(store.as_ref());
        async { written.await.is_err() }
    })
    .await;
    agree_that_orders_are(store.as_ref(), true).await;
    for _ in 0..30 {
        accept(store.as_ref()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_server_is_not_ready_refuses_at_once_and_works_again_afterwards() {
    let server = PostgresServer::start().await;
    let store = connect(&server.url()).await;
    agree_that_orders_are(store.as_ref(), true).await;
    administer(
        &server.url(),
        &["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"],
    )
    .await;
    agree_that_orders_are(store.as_ref(), false).await;
    let refused = accept(store.as_ref()).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Unavailable(_)), "nothing was written: {refused}");
    assert!(store.orders(samples::acceptance().order.account, all()).await.is_ok(), "it can be read");
    administer(
        &server.url(),
        &["ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"],
    )
    .await;
    agree_that_orders_are(store.as_ref(), true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_is_not_ready_and_its_next_life_is() {
    let mut server = PostgresServer::start().await;
    let store = connect(&server.url()).await;
    agree_that_orders_are(store.as_ref(), true).await;
    server.stop_immediately();
    agree_that_orders_are(store.as_ref(), false).await;
    server.start_again().await;
    agree_that_orders_are(store.as_ref(), true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_was_revoked_is_seen_although_the_server_works() {
    let server = PostgresServer::start().await;
    let store = connect(&server.url()).await;
    administer(&server.url(), &["ALTER TABLE order_events ADD CONSTRAINT no_more CHECK (false) NOT VALID"])
        .await;
    agree_that_orders_are(store.as_ref(), false).await;
    administer(&server.url(), &["ALTER TABLE order_events DROP CONSTRAINT no_more"]).await;
    agree_that_orders_are(store.as_ref(), true).await;
}

/// Each connection that cannot be made must not cost an order while others can be had.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_free_connections_costs_no_order() {
    let server = PostgresServer::start().await;
    let store = connect(&server.url()).await;
    accept(store.as_ref()).await.unwrap();
    let mut held = Vec::new();
    while let Ok(connection) = PgConnection::connect(&server.url()).await {
        held.push(connection);
    }
    let results = join_all((0..200).map(|_| accept(store.as_ref()))).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

/// The lock is held until the test ends, so a store that waited for it would not get through.
#[tokio::test(flavor = "multi_thread")]
async fn a_locked_row_delays_its_own_order_only() {
    let url = fresh_database().await;
    let store = connect(&url).await;
    let orders: Vec<_> = (0..40).map(|_| samples::acceptance()).collect();
    for order in &orders {
        store.accept(order.clone()).await.unwrap();
    }
    let lease = Duration::from_mins(1);
    let mut fences = Vec::new();
    for order in &orders {
        fences.push(store.claim(order.order.id, "worker", lease).await.unwrap().unwrap().fence);
    }
    let mut holder = PgConnection::connect(&url).await.unwrap();
    let mut transaction = holder.begin().await.unwrap();
    sqlx::query("SELECT FROM orders WHERE id = $1 FOR UPDATE")
        .bind(orders[7].order.id.0)
        .execute(&mut *transaction)
        .await
        .unwrap();
    let locked = fences[7];
    for _ in 0..20 {
        let renewals: Vec<_> = fences
            .iter()
            .map(|fence| {
                let (store, fence) = (store.clone(), *fence);
                tokio::spawn(async move { store.renew(fence, lease).await })
            })
            .collect();
        for (fence, renewal) in fences.iter().zip(renewals) {
            if *fence != locked {
                assert_eq!(renewal.await.unwrap(), Ok(true));
            }
        }
    }
    transaction.rollback().await.unwrap();
    eventually("the lock is gone", || async { store.renew(locked, lease).await == Ok(true) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_table_is_an_outage_and_refuses_at_once() {
    let url = fresh_database().await;
    let store = connect(&url).await;
    let mut holder = PgConnection::connect(&url).await.unwrap();
    let mut transaction = holder.begin().await.unwrap();
    sqlx::query("LOCK TABLE orders").execute(&mut *transaction).await.unwrap();
    let trying = {
        let store = store.clone();
        tokio::spawn(async move {
            loop {
                let _ = accept(store.as_ref()).await;
            }
        })
    };
    eventually("it is not ready", || async { store.ping().await.is_err() }).await;
    trying.abort();
    transaction.rollback().await.unwrap();
    agree_that_orders_are(store.as_ref(), true).await;
}

/// Every connection that reads waits for a lock that is held until the test ends.
#[tokio::test(flavor = "multi_thread")]
async fn readers_keep_no_order_from_being_written() {
    let url = fresh_database().await;
    let store = connect(&url).await;
    let mut holder = PgConnection::connect(&url).await.unwrap();
    let mut transaction = holder.begin().await.unwrap();
    sqlx::query("LOCK TABLE attempts").execute(&mut *transaction).await.unwrap();
    let asked = samples::acceptance().order;
    let readers: Vec<_> = (0..100)
        .map(|_| {
            let (store, asked) = (store.clone(), asked.clone());
            tokio::spawn(async move { store.attempts(asked.account, asked.id).await })
        })
        .collect();
    while sqlx::query(WAITING).fetch_all(&mut *transaction).await.unwrap().len() < 5 {}
    for _ in 0..20 {
        accept(store.as_ref()).await.unwrap();
    }
    assert!(readers.iter().any(|reader| !reader.is_finished()), "they still wait");
    readers.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_order_that_cannot_be_written_costs_its_neighbours_nothing() {
    let url = fresh_database().await;
    let store = connect(&url).await;
    administer(&url, &["ALTER TABLE orders ADD CONSTRAINT no_poison CHECK (client_order_id <> 'poison')"])
        .await;
    let asked = (0..50).map(|number| {
        let mut asked = samples::acceptance();
        asked.order.client_order_id =
            Some(if number == 20 { "poison".into() } else { format!("order-{number}") });
        asked
    });
    let results = join_all(asked.map(|asked| store.accept(asked))).await;
    for (number, result) in results.iter().enumerate() {
        assert_eq!(result.is_ok(), number != 20, "order {number}: {result:?}");
    }
    assert!(store.ping().await.is_ok(), "one refusal is not an outage");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_waits_for_its_server_and_reports_the_reason_when_it_gives_up() {
    let mut server = PostgresServer::start().await;
    server.stop_immediately();
    let url = server.url();
    let mut impatient = settings(&url);
    impatient.startup_timeout_ms = 0;
    let error = store::connect(&impatient, Arc::new(SystemClock)).await.err().unwrap();
    assert!(format!("{error:#}").to_lowercase().contains("refused"), "{error:#}");
    let starting = tokio::spawn(async move { store::connect(&settings(&url), Arc::new(SystemClock)).await });
    server.start_again().await;
    starting.await.unwrap().unwrap().ping().await.unwrap();
}

/// Another process migrates, and this one waits for it longer than a request may wait for a lock.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_is_not_under_the_time_limits_of_requests() {
    let url = fresh_database().await;
    connect(&url).await.ping().await.unwrap();
    let mut other = PgConnection::connect(&url).await.unwrap();
    let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&mut other).await.unwrap();
    let limit = format!("ALTER DATABASE {name} SET lock_timeout = '1ms'");
    administer(&url, &[&limit, "DELETE FROM _sqlx_migrations WHERE version = 7", "DROP TABLE write_probe"])
        .await;

    let mut migrating = other.begin().await.unwrap();
    sqlx::query("LOCK TABLE _sqlx_migrations").execute(&mut *migrating).await.unwrap();
    let starting = tokio::spawn(async move { connect(&url).await });
    while sqlx::query(WAITING).fetch_optional(&mut *migrating).await.unwrap().is_none() {
        assert!(!starting.is_finished(), "it does not wait");
    }
    migrating.rollback().await.unwrap();
    starting.await.unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn a_password_that_is_not_encoded_is_explained_and_not_shown() {
    let url = "postgres://me:top#secret@127.0.0.1/orders";
    let error = store::connect(&settings(url), Arc::new(SystemClock)).await.err().unwrap();
    let message = format!("{error:#}");
    assert!(message.contains("percent-encoded") && !message.contains("secret"), "{message}");
}
