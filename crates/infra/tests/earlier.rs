//! Databases that an earlier version filled: commit 9fd9a10, which stored tokens by symbol and amounts without
//! their token. The fixtures are dumps of real ones, with orders in every state.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::{fs, path::PathBuf, sync::Arc};

use clap::Parser;
use domain::{
    AccountId, EventData, Order, OrderStatus, Timestamp, TokenAmount,
    books::{Wallet, WalletId, WalletKind},
    ports::{FeedCursor, FeedScope, OrderFilter, OrderStore, PageEnd, WalletOpening},
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

/// Puts a database back to where the names of wallets were compared with their case, and fills it.
const BEFORE_NAMES: &str = "DROP INDEX orders_by_wallet; DROP INDEX wallets_name_key;
    ALTER TABLE wallets DROP COLUMN name_key;";

fn named(number: u8, name: &str) -> Wallet {
    let at = Timestamp::from_unix_millis(1_800_000_000_000 + i64::from(number));
    let (id, account) = (WalletId(sqlx::types::Uuid::from_u128(number.into())), AccountId::DEFAULT);
    let (name, kind) = (name.to_owned(), WalletKind::Paper);
    Wallet { id, account, name, kind, epoch: 0, created_at: at, epoch_began_at: at }
}

async fn names_are_compared_without_case(store: &dyn OrderStore) {
    let names = store.wallets(AccountId::DEFAULT).await.unwrap();
    let names: Vec<&str> = names.iter().map(|wallet| wallet.name.as_str()).collect();
    assert_eq!(names, ["Swing", "alone", "SWING"], "they keep their names");
    for taken in ["swing", "Swing", "SWING", "ALONE"] {
        let opening = store.open_wallet(named(9, taken), Vec::new()).await.unwrap();
        assert_eq!(opening, WalletOpening::NameTaken, "{taken}");
    }
    assert_eq!(store.open_wallet(named(9, "new"), Vec::new()).await.unwrap(), WalletOpening::Opened);
}

#[tokio::test(flavor = "multi_thread")]
async fn wallets_of_postgres_whose_names_differ_in_case_alone_are_kept() {
    const MIGRATION: &str = include_str!("../../../migrations/postgres/0014_wallet_lookups.sql");
    let url = fresh_database().await;
    let store = open(|config| config.database_url = Some(url.clone())).await;
    for (number, name) in [(1, "Swing"), (2, "alone"), (3, "third")] {
        store.open_wallet(named(number, name), Vec::new()).await.unwrap();
    }
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let rename = "UPDATE wallets SET name = 'SWING' WHERE name = 'third';";
    for sql in [BEFORE_NAMES, rename, MIGRATION] {
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }
    names_are_compared_without_case(store.as_ref()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wallets_of_sqlite_whose_names_differ_in_case_alone_are_kept() {
    const MIGRATION: &str = include_str!("../../../migrations/sqlite/0013_wallet_lookups.sql");
    let folder = tempfile::tempdir().unwrap();
    let store = open(|config| folder.path().clone_into(&mut config.data_dir)).await;
    for (number, name) in [(1, "Swing"), (2, "alone"), (3, "third")] {
        store.open_wallet(named(number, name), Vec::new()).await.unwrap();
    }
    let file = SqliteConnectOptions::new().filename(data_dir::orders(folder.path()));
    let mut connection = SqliteConnection::connect_with(&file).await.unwrap();
    let rename = "UPDATE wallets SET name = 'SWING' WHERE name = 'third';";
    for sql in [BEFORE_NAMES, rename, MIGRATION] {
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }
    names_are_compared_without_case(store.as_ref()).await;
}
