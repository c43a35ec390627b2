//! The database goes away under running processes and comes back.

use sqlx::{Connection, PgConnection};
use testkit::{PostgresServer, eventually};

use crate::support::Services;

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_orders_are_refused_and_nothing_is_lost() {
    let mut postgres = PostgresServer::start().await;
    let services = Services::over(&postgres).await;
    // slow enough to be under way when the database goes
    let settings = [
        ("SIM_PRESET", "ideal"),
        ("SIM_LANDING_MIN_MS", "500"),
        ("SIM_LANDING_MAX_MS", "1500"),
        ("LEASE_MS", "2000"),
    ];
    let api = services.api(&settings).await;
    let worker = services.worker(&settings).await;
    for index in 0..10 {
        api.place(&format!("before-{index}")).await;
    }

    postgres.stop_immediately();
    let refused = api.ask("while it is down").await.unwrap();
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(refused.json::<serde_json::Value>().await.unwrap()["code"], "store_unavailable");
    assert_eq!(api.health().await["store"], "down");
    // the worker learns it from its next sweep
    eventually("neither is ready", async || !api.is_ready().await && !worker.is_ready().await).await;

    postgres.start_again().await;
    eventually("the same request is taken, without a restart", || async {
        api.ask("while it is down").await.unwrap().status().is_success()
    })
    .await;
    let mut database = PgConnection::connect(&services.database_url).await.unwrap();
    eventually("all orders are confirmed", || async {
        let mut database = PgConnection::connect(&services.database_url).await.unwrap();
        let confirmed: i64 = sqlx::query_scalar("SELECT count(*) FROM orders WHERE status = 'confirmed'")
            .fetch_one(&mut database)
            .await
            .unwrap();
        confirmed == 11
    })
    .await;
    let orders: i64 =
        sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&mut database).await.unwrap();
    assert_eq!(orders, 11);
    let landed: i64 =
        sqlx::query_scalar("SELECT count(*) FROM simulated_transactions WHERE outcome = 'landed'")
            .fetch_one(&mut database)
            .await
            .unwrap();
    assert_eq!(landed, 11, "each landed once");
}
