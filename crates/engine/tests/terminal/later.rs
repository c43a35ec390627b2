//! An engine over rows that a later version wrote.

use infra::data_dir;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};
use testkit::{sse::SseParser, tls::http_client};

use crate::{SMALL, support::Engine};

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_later_version_stop_no_list_and_no_follower() {
    let (engine, http) = (Engine::start(&[]), http_client());
    let place = || {
        let submitted = engine.ask(&SMALL);
        submitted.output.lines().next().unwrap().strip_prefix("order ").unwrap().to_owned()
    };
    let [unlisted, strange] = [place(), place()];
    let options = SqliteConnectOptions::new().filename(data_dir::orders(engine.data()));
    let mut later = SqliteConnection::connect_with(&options).await.unwrap();
    later.execute("PRAGMA ignore_check_constraints = ON").await.unwrap();
    let blob = |id: &str| format!("x'{}'", id.replace('-', ""));
    for statement in [
        format!("UPDATE orders SET spec = json_set(spec, '$.tokenIn', 'NEW') WHERE id = {}", blob(&unlisted)),
        format!(
            "UPDATE order_events SET kind = 'asleep', data = '{{\"kind\": \"asleep\", \"until\": 7}}'
             WHERE order_id = {} AND seq = 3",
            blob(&strange)
        ),
    ] {
        assert_eq!(
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut later).await.unwrap().rows_affected(),
            1
        );
    }
    let newest = place();

    let listed = http.get(format!("{}/api/orders", engine.url)).send().await.unwrap();
    let listed: Vec<Value> = listed.error_for_status().unwrap().json().await.unwrap();
    let listed: Vec<&str> = listed.iter().map(|order| order["id"].as_str().unwrap()).collect();
    assert_eq!(listed, [&newest, &strange]);
    let refused = http.get(format!("{}/api/orders/{unlisted}", engine.url)).send().await.unwrap();
    assert_eq!(refused.status(), 501);
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "unreadable_order");

    let follow = http.get(format!("{}/api/stream?cursor=0.00000000000000000000000000000000.0", engine.url));
    let mut stream = follow.header("accept", "text/event-stream").send().await.unwrap();
    let mut parser = SseParser::default();
    let mut received: Vec<Value> = Vec::new();
    let is_last = |received: &[Value]| {
        received
            .last()
            .is_some_and(|event| event["orderId"] == json!(newest) && event["status"] == "confirmed")
    };
    while !is_last(&received) {
        parser.push(&stream.chunk().await.unwrap().expect("the stream goes on"));
        while let Some(sent) = parser.next_event() {
            let message: Value = serde_json::from_str(&sent.data).unwrap();
            if message["type"] == "event" {
                received.push(message);
            }
        }
    }
    let of = |id: &str| received.iter().filter(|event| event["orderId"] == json!(id)).collect::<Vec<_>>();
    assert_eq!(of(&strange).len(), 6, "every event, also the one of an unknown kind");
    assert_eq!(of(&strange)[2]["data"], json!({ "kind": "asleep", "until": 7 }));
    assert_eq!(of(&newest).len(), 6);
}
