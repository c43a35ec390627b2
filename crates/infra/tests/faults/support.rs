use std::{path::Path, sync::Arc};

use clap::Parser;
use domain::ports::{Accepted, OrderStore, StoreError};
use infra::{clock::SystemClock, config::BackendConfig, store};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use testkit::{eventually, samples};

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    backend: BackendConfig,
}

pub(crate) fn settings(url: &str) -> BackendConfig {
    BackendConfig {
        database_url: Some(url.to_owned()),
        data_dir: Path::new("unused").to_owned(),
        ..Settings::try_parse_from(["test"]).unwrap().backend
    }
}

pub(crate) async fn connect(url: &str) -> Arc<dyn OrderStore> {
    store::connect(&settings(url), Arc::new(SystemClock)).await.unwrap()
}

pub(crate) async fn accept(store: &dyn OrderStore) -> Result<Accepted, StoreError> {
    store.accept(samples::acceptance()).await
}

/// Readiness and orders end up telling the same: neither, or both.
pub(crate) async fn agree_that_orders_are(store: &dyn OrderStore, are_written: bool) {
    let what = if are_written { "orders are written and it is ready" } else { "neither" };
    eventually(what, || async {
        let (accepted, ready) = (accept(store).await, store.ping().await);
        accepted.is_ok() == are_written && ready.is_ok() == are_written
    })
    .await;
}

/// Runs statements one after another, in a session that can write whatever the default is.
pub(crate) async fn administer(url: &str, statements: &[&str]) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query("SET default_transaction_read_only = off").execute(&mut connection).await.unwrap();
    for statement in statements {
        sqlx::query(AssertSqlSafe(*statement)).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
}
