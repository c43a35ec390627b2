//! Databases that an earlier version filled: commit 9fd9a10, which stored tokens by symbol and amounts without
//! their token. The fixtures are dumps of real ones, with orders in every state.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::{fs, path::PathBuf, sync::Arc};

use clap::Parser;
use domain::{
    AccountId, EventData, Order, OrderStatus, TokenAmount,
    ports::{FeedCursor, FeedScope, OrderFilter, OrderStore, PageEnd},
};
use infra::{clock::SystemClock, config::BackendConfig, data_dir, store};
use sqlx::{Connection, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};
use testkit::{eventually, postgres::fresh_database};

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    backend: BackendConfig,
}

fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/9fd9a10").join(name);
    fs::read_to_string(path).unwrap()
}

async fn open(change: impl FnOnce(&mut BackendConfig)) -> Arc<dyn OrderStore> {
    let mut config = Settings::try_parse_from(["test"]).unwrap().backend;
    change(&mut config);
    store::connect(&config, Arc::new(SystemClock)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_database_of_an_earlier_version_reads_completely() {
    let url = fresh_database().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(fixture("postgres.sql"))).execute(&mut connection).await.unwrap();
    let store = open(|config| config.database_url = Some(url)).await;
    everything_reads(store.as_ref(), 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_database_of_an_earlier_version_reads_completely() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(data_dir::orders(folder.path()))
        .create_if_missing(true)
        .foreign_keys(false); // a dump names tables before it makes them
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(fixture("orders.sql"))).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let store = open(|config| folder.path().clone_into(&mut config.data_dir)).await;
    everything_reads(store.as_ref(), 8).await;
}

async fn everything_reads(store: &dyn OrderStore, count: usize) {
    let filter = OrderFilter::newest(100);
    let orders = store.orders(AccountId::DEFAULT, filter).await.unwrap().orders;
    assert_eq!(orders.len(), count);
    let mut seen = Vec::new();
    for order in orders {
        let events = store.events(AccountId::DEFAULT, order.id, 0, 100).await.unwrap();
        let folded = Order::fold(order.id, order.account, order.client_order_id.clone(), &events);
        assert_eq!(folded.as_ref(), Some(&order), "its events give its state");
        if let Some(fill) = &order.fill {
            let request = order.spec.request;
            let is_some_of = |amount: TokenAmount, token| amount.token == token && amount.units.0 > 0;
            assert!(is_some_of(fill.amount_in, request.token_in), "{fill:?}");
            assert!(is_some_of(fill.amount_out, request.token_out), "{fill:?}");
        }
        seen.extend(events.into_iter().map(|event| (order.id, event)));
    }
    let has = |wanted: fn(&EventData) -> bool| seen.iter().any(|(_, event)| wanted(&event.data));
    assert!(has(|data| matches!(data, EventData::Confirmed { .. })));
    assert!(has(|data| matches!(data, EventData::Retrying { .. })));
    assert!(has(|data| matches!(data, EventData::Failed { .. })));
    assert!(store.active_by_status(10).await.unwrap().with(OrderStatus::Submitted) > 0);

    let read = || store.feed(AccountId::DEFAULT, &FeedScope::All, FeedCursor::START, 1_000);
    eventually("the feed shows all of it", || async { read().await.unwrap().beyond == PageEnd::Nothing })
        .await;
    let mut fed: Vec<_> =
        read().await.unwrap().events.into_iter().map(|fed| (fed.order_id, fed.event)).collect();
    let by_place = |events: &mut Vec<(domain::OrderId, domain::Event)>| {
        events.sort_by_key(|(order, event)| (*order, event.seq));
    };
    by_place(&mut seen);
    by_place(&mut fed);
    assert_eq!(fed, seen);
}
