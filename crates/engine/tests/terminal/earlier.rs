//! An engine over the data folder of an earlier version: commit 9fd9a10.

use std::{fs, path::PathBuf};

use infra::data_dir;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use testkit::{eventually, tls::http_client};

use crate::support::Engine;

/// Orders that an earlier version left open end, also the one whose transaction it had signed and sent.
#[tokio::test(flavor = "multi_thread")]
async fn an_engine_goes_on_over_the_folder_of_an_earlier_version() {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../infra/tests/fixtures/9fd9a10");
    for (dump, file) in [
        ("orders.sql", data_dir::orders(folder.path())),
        ("simulated-chain.sql", data_dir::simulated_chain(folder.path())),
    ] {
        // a dump names tables before it makes them
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true).foreign_keys(false);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let sql = fs::read_to_string(fixtures.join(dump)).unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
    let engine = Engine::start_over(folder.path(), &["--sim-seed", "7"]);
    let http = http_client();
    let list = async || {
        let listed = http.get(format!("{}/api/orders", engine.url)).send().await.unwrap();
        listed.json::<Vec<Value>>().await.unwrap()
    };
    eventually("every order ends", async || {
        let is_terminal = |order: &Value| order["status"] == "confirmed" || order["status"] == "failed";
        list().await.iter().all(is_terminal)
    })
    .await;
    let orders = list().await;
    assert_eq!(orders.len(), 8);
    for order in &orders {
        assert_eq!(order["tokenIn"].as_str().map(str::len).map(|length| length < 8), Some(true), "{order}");
        let explain = format!("{}/api/orders/{}/explain", engine.url, order["id"].as_str().unwrap());
        let explained: Value = http.get(explain).send().await.unwrap().json().await.unwrap();
        let attempts = explained["attempts"].as_array().unwrap();
        if order["status"] == "confirmed" {
            let quotes = &attempts.last().unwrap()["routing"]["quotes"];
            assert!(quotes[0]["amountOut"].is_string() && order["fill"]["fee"].is_string(), "{explained}");
            assert_eq!(order["fill"]["feeToken"], order["tokenIn"], "{order}");
            assert!(explained["result"]["improvementBps"].is_number(), "{explained}");
        }
    }
}
