//! What is found out about servers that run, and about the file in their place.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::path::{Path, PathBuf};

use clap::Parser;
use infra::{
    clock::SystemClock,
    config::BackendConfig,
    diagnosis::{self, Migrations},
    store,
};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use testkit::{eventually, postgres::fresh_database, redis::TestRedis};

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    backend: BackendConfig,
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_asked_and_left_as_it_is() {
    let url = fresh_database().await;
    for _ in 0..2 {
        let found = diagnosis::postgres(&url, &SystemClock).await.unwrap();
        assert!(matches!(found.migrations, Migrations::Pending(1..)), "{found:?}");
        assert!(found.major >= 15 && found.version.starts_with(&found.major.to_string()), "{found:?}");
        assert!(found.clock_ahead_micros.abs() < 1_000_000, "it runs on this machine: {found:?}");
    }
    let mut settings = Settings::try_parse_from(["test"]).unwrap().backend;
    (settings.database_url, settings.data_dir) = (Some(url.clone()), PathBuf::from("unused"));
    store::connect(&settings, std::sync::Arc::new(SystemClock)).await.unwrap();
    let found = diagnosis::postgres(&url, &SystemClock).await.unwrap();
    assert_eq!(found.migrations, Migrations::Current);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_asked_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    assert!(matches!(diagnosis::sqlite(folder.path()).await.unwrap(), Migrations::Pending(1..)));
    assert_eq!(files(), 0);
    let mut settings = Settings::try_parse_from(["test"]).unwrap().backend;
    (settings.database_url, settings.data_dir) = (None, folder.path().to_owned());
    let store = store::connect(&settings, std::sync::Arc::new(SystemClock)).await.unwrap();
    assert_eq!(diagnosis::sqlite(folder.path()).await.unwrap(), Migrations::Current, "while it is open");
    drop(store);
    eventually("it is at rest", || async {
        fold(&folder.path().join("orders.db")).await;
        files() == 1
    })
    .await;
    assert_eq!(diagnosis::sqlite(folder.path()).await.unwrap(), Migrations::Current);
    assert_eq!(files(), 1);

    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("orders.db"), "no database").unwrap();
    let complaint = format!("{:#}", diagnosis::sqlite(other.path()).await.unwrap_err());
    assert!(complaint.contains("orders.db cannot be read"), "{complaint}");
}

/// The log goes into the file, and away, when the last connection that is closed may write; which one of a
/// store that is, is left to chance.
async fn fold(file: &Path) {
    let options = SqliteConnectOptions::new().filename(file);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("SELECT count(*) FROM orders").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_asked() {
    let server = TestRedis::start().await;
    let found = diagnosis::redis(&server.url()).await.unwrap();
    assert_eq!(found.place, format!("127.0.0.1:{}", server.port()));
    assert!(found.major >= 6, "{found:?}");
    assert_eq!(found.maxmemory_policy.as_deref(), Some("noeviction"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_named_without_its_password() {
    let nobody = testkit::ports::free();
    let place = format!("127.0.0.1:{nobody}");
    let postgres = diagnosis::postgres(&format!("postgres://me:secret@{place}/orders"), &SystemClock).await;
    let redis = diagnosis::redis(&format!("redis://:secret@{place}")).await;
    for complaint in [format!("{:#}", postgres.unwrap_err()), format!("{:#}", redis.unwrap_err())] {
        assert!(complaint.contains(&place) && !complaint.contains("secret"), "{complaint}");
    }
}
