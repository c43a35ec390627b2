//! Canceling orders, one by one and by filter.

use domain::{OrderId, ports::OrderReads};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use testkit::samples;

use crate::support::{App, order, problem};

impl App {
    async fn cancel(&self, id: impl ToString) -> Response {
        self.post(&format!("/api/orders/{}/cancel", id.to_string())).send().await.unwrap()
    }

    async fn cancel_many(&self, filter: Value) -> Value {
        let answer = self.post("/api/orders/cancel").json(&filter).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{filter}");
        answer.json().await.unwrap()
    }

    async fn placed_with(&self, field: &str, value: &str) -> OrderId {
        let mut body = order();
        body[field] = value.into();
        let placed: Value = self.execute(&body).await.json().await.unwrap();
        placed["orderId"].as_str().unwrap().parse().unwrap()
    }
}

/// Status code, result, and the order's status.
async fn parts(answer: Response) -> (u16, String, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (status, text(&body["result"]), text(&body["order"]["status"]))
}

fn expected(status: u16, result: &str, order: &str) -> (u16, String, String) {
    (status, result.to_owned(), order.to_owned())
}

#[tokio::test]
async fn an_order_that_the_api_cancels_is_measured_like_one_that_a_worker_ends() {
    telemetry::metrics::start().unwrap();
    let app = App::start().await;
    let id = app.placed().await;
    assert_eq!(parts(app.cancel(id).await).await, expected(200, "canceled", "canceled"));
    let measured = app.get("/metrics").await.text().await.unwrap();
    assert!(measured.contains("engine_order_seconds_count{status=\"canceled\"}"), "{measured}");
}

#[tokio::test]
async fn an_order_that_nobody_executes_is_canceled_at_once_and_its_followers_see_it() {
    let app = App::start().await;
    let id = app.placed().await;
    let mut socket = app.socket(&format!("/api/orders/execute?orderId={id}&after=1")).await;
    socket.next().await; // connected
    assert_eq!(parts(app.cancel(id).await).await, expected(200, "canceled", "canceled"));
    let event = socket.next().await;
    assert_eq!((&event["status"], &event["seq"]), (&json!("canceled"), &json!(2)), "{event}");
    assert_eq!(
        event["data"]["requestedAt"],
        app.read(&format!("/api/orders/{id}")).await["cancelRequestedAt"]
    );
    assert_eq!(parts(app.cancel(id).await).await, expected(200, "canceled", "canceled"), "it is idempotent");
    let again = app.client.request(Method::DELETE, app.url(&format!("/api/orders/{id}")));
    assert_eq!(parts(again.send().await.unwrap()).await, expected(200, "canceled", "canceled"));
    assert_eq!(app.listed_events(id).await.len(), 2, "and writes nothing more");
    let listed = app.read("/api/orders?status=Canceled").await;
    assert_eq!(listed[0]["id"], id.to_string());
    let explained = app.read(&format!("/api/orders/{id}/explain")).await;
    assert_eq!((&explained["status"], &explained["attempts"]), (&json!("canceled"), &json!([])));
    assert_eq!(explained["cancelRequest"]["afterSeq"], 1);
}

#[tokio::test]
async fn what_is_submitted_is_left_to_the_chain() {
    let app = App::start().await;
    let id = app.placed().await;
    let mut execution = app.execution(id).await;
    execution.submit().await;
    for _ in 0..2 {
        assert_eq!(parts(app.cancel(id).await).await, expected(202, "cancelRequested", "submitted"));
    }
    execution.confirm().await;
    let refused = problem(app.cancel(id).await, 409, "already_terminal").await;
    assert_eq!((&refused["orderId"], &refused["order"]["status"]), (&json!(id), &json!("confirmed")));
    assert!(refused["order"]["fill"].is_object(), "{refused}");
    assert!(refused["order"]["cancelRequestedAt"].is_string());
}

#[tokio::test]
async fn what_is_no_order_is_not_canceled() {
    let app = App::start().await;
    problem(app.cancel(samples::order_id()).await, 404, "order_not_found").await;
    problem(app.cancel("nonsense").await, 400, "invalid_order_id").await;
    problem(app.get("/api/orders/cancel").await, 405, "method_not_allowed").await;
    let id = app.placed().await;
    app.store.set_down(true);
    problem(app.cancel(id).await, 503, "store_unavailable").await;
    app.store.set_down(false);
    assert_eq!(app.read(&format!("/api/orders/{id}")).await["status"], "pending");
}

#[tokio::test]
async fn a_request_to_cancel_is_on_record_before_anything_is_answered() {
    let app = App::start().await;
    let id = app.placed().await;
    app.store.refuse_commits(true);
    problem(app.cancel(id).await, 503, "store_unavailable").await;
    app.store.refuse_commits(false);
    let stored = app.store.order(domain::AccountId::DEFAULT, id).await.unwrap().unwrap();
    assert!(stored.cancel_request.is_some(), "the next claim ends it");
    assert_eq!(parts(app.cancel(id).await).await, expected(202, "cancelRequested", "pending"));
}

#[tokio::test]
async fn orders_are_canceled_by_id_tag_pair_or_all() {
    let app = App::start().await;
    let plain = app.placed().await;
    let tagged = app.placed_with("tag", "grid").await;
    let other_pair = app.placed_with("tokenOut", "JUP").await;
    let unknown = samples::order_id();

    let by_id = app.cancel_many(json!({ "ids": [unknown, plain] })).await;
    let expected = json!([
        { "orderId": unknown, "result": "notFound" },
        { "orderId": plain, "result": "canceled", "status": "canceled" },
    ]);
    assert_eq!(by_id, json!({ "results": expected, "hasMore": false }));

    let none = app.cancel_many(json!({ "tag": "grid", "pair": "JUP/SOL" })).await;
    assert_eq!(none["results"], json!([]), "both filters apply");
    let ids = |answer: &Value| -> Vec<String> {
        let results = answer["results"].as_array().unwrap();
        results.iter().map(|result| result["orderId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&app.cancel_many(json!({ "tag": "grid" })).await), [tagged.to_string()]);
    assert_eq!(ids(&app.cancel_many(json!({ "pair": "jup/SOL" })).await), [other_pair.to_string()]);

    let mut executing = app.execution(app.placed().await).await;
    executing.submit().await;
    let last = app.placed().await;
    let all = app.cancel_many(json!({ "all": true })).await;
    assert_eq!(ids(&all), [last.to_string(), executing.order().id.to_string()], "newest first");
    assert_eq!(all["results"][1]["result"], "cancelRequested");
    let again = app.cancel_many(json!({ "all": true })).await;
    assert_eq!(ids(&again), [executing.order().id.to_string()], "a repeat after a lost answer says the same");
    assert_eq!(
        (&again["results"][0]["result"], &again["hasMore"]),
        (&json!("cancelRequested"), &json!(false))
    );
}

#[tokio::test]
async fn one_request_cancels_a_bounded_number_of_orders_and_says_that_there_are_more() {
    let app = App::start_with(|limits| limits.max_cancels = 3).await;
    for _ in 0..5 {
        app.placed().await;
    }
    for (canceled, has_more) in [(3, true), (2, false)] {
        let answer = app.cancel_many(json!({ "all": true })).await;
        assert_eq!(answer["results"].as_array().unwrap().len(), canceled);
        assert_eq!(answer["hasMore"], has_more);
    }
}

#[tokio::test]
async fn a_filter_that_is_not_one_is_refused() {
    let app = App::start().await;
    let id = app.placed().await;
    for filter in [
        json!({}),
        json!({ "ids": [] }),
        json!({ "ids": ["7"] }),
        json!({ "ids": [id], "tag": "x" }),
        json!({ "ids": [id], "all": true }),
        json!({ "all": false }),
        json!({ "all": "yes" }),
        json!({ "tag": "" }),
        json!({ "pair": "SOL" }),
        json!({ "pair": "SOL/DOGE" }),
        json!({ "status": "pending" }),
    ] {
        let answer = app.post("/api/orders/cancel").json(&filter).send().await.unwrap();
        problem(answer, 400, "invalid_request").await;
    }
    let malformed = app.post("/api/orders/cancel").header("content-type", "application/json").body("{");
    problem(malformed.send().await.unwrap(), 400, "malformed_json").await;
    problem(app.post("/api/orders/cancel").send().await.unwrap(), 415, "unsupported_media_type").await;
    assert_eq!(app.read(&format!("/api/orders/{id}")).await["status"], "pending", "nothing was canceled");
}
