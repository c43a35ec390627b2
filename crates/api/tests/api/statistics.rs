use serde_json::{Value, json};
use testkit::eventually;

use crate::support::{App, order, problem};

fn total(statistics: &Value, count: &str) -> u64 {
    let points = statistics["series"]["points"].as_array().unwrap();
    points.iter().map(|point| point[count].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn statistics_survive_a_reload_of_the_page() {
    let app = App::start().await;
    let confirmed = app.placed().await;
    app.execution(confirmed).await.run().await;
    let failed = app.placed().await;
    let mut execution = app.execution(failed).await;
    execution.submit().await;
    execution.fail().await;
    let all_counted = async || app.read("/api/statistics").await["counts"]["failed"] == 1;
    eventually("both orders are counted", all_counted).await;
    for window in ["5m", "15m", "1h", "24h"] {
        let statistics = app.read(&format!("/api/statistics?window={window}")).await;
        assert_eq!(
            statistics["counts"],
            json!({"accepted": 2, "confirmed": 1, "failed": 1, "canceled": 0, "expired": 0, "retried": 1}),
            "{window}"
        );
        assert_eq!((total(&statistics, "accepted"), total(&statistics, "failed")), (2, 1), "{window}");
        assert_eq!(statistics["causes"], json!([{"code": "slippage_exceeded", "retried": 1, "failed": 1}]));
        let stages: Vec<_> =
            statistics["latencies"].as_array().unwrap().iter().map(|it| &it["stage"]).collect();
        assert_eq!(stages, ["queued", "routing", "building", "landing", "total"]);
    }
    for query in ["?window=7m", "?from=now"] {
        problem(app.get(&format!("/api/statistics{query}")).await, 400, "invalid_query").await;
    }
}

#[tokio::test]
async fn the_engine_shows_its_version_settings_orders_and_workers() {
    let app = App::start().await;
    let claimed = app.placed().await;
    app.placed().await;
    let _execution = app.execution(claimed).await;
    let engine = app.read("/api/engine").await;
    assert_eq!(
        (&engine["version"], &engine["mode"]),
        (&json!(env!("CARGO_PKG_VERSION")), &json!("embedded"))
    );
    assert_eq!(engine["orders"], json!({"inFlight": 2, "resting": 0, "parked": 0}));
    assert_eq!(engine["workers"].as_array().unwrap().len(), 1, "{engine}");
    assert_eq!(engine["workers"][0]["orders"], 1);
    app.store.set_down(true);
    let engine = app.read("/api/engine").await;
    assert_eq!((&engine["orders"], &engine["workers"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn an_order_says_who_placed_it() {
    let app = App::start().await;
    let request = app.client.post(app.url("/api/orders/execute")).json(&order());
    let placed =
        request.header("x-request-id", "desk-7").header("user-agent", "desk/2.1").send().await.unwrap();
    let placed: Value = placed.json().await.unwrap();
    let id = placed["id"].as_str().unwrap();
    let origin = json!({"requestId": "desk-7", "client": "desk/2.1"});
    assert_eq!(app.read(&format!("/api/orders/{id}/events")).await[0]["data"]["origin"], origin);
    assert_eq!(app.read(&format!("/api/orders/{id}/explain")).await["origin"], origin);
}
