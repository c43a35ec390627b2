use std::sync::atomic::Ordering;

use api::Access;
use domain::{Amount, Bps, SwapAmount};
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::eventually;

use crate::support::{App, order, problem};

#[tokio::test]
async fn an_accepted_order_is_durable_announced_and_queued() {
    let app = App::start().await;
    let response = app.execute(&order()).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    let id = body["orderId"].as_str().unwrap();
    assert_eq!(body["id"], id);
    assert_eq!(body["status"], "pending");
    assert_eq!(body["amountIn"], "1");
    assert_eq!(body["slippageBps"], 50);
    assert_eq!(body["createdAt"], "2027-01-15T08:00:00.000000Z");
    assert_eq!(location, format!("/api/orders/{id}"));
    assert_eq!(body["statusUrl"], app.url(&location));
    assert_eq!(body["wsUrl"], format!("ws://{}/api/orders/execute?orderId={id}", app.address));
    assert_eq!(body["statusEndpoint"], format!("{location}/status"));

    assert_eq!(app.read(&location).await["orderId"], id);
    let id = id.parse().unwrap();
    eventually("the push to the queue", || async { app.queue.pushed.lock().unwrap().contains(&id) }).await;
}

#[tokio::test]
async fn numbers_and_strings_are_read_exactly() {
    let rich = vec![("SOL".to_owned(), "9223372036.8".to_owned())];
    let app = App::start_with(|limits| limits.paper_balances = rich).await;
    for (amount, units) in
        [("0.1", 100_000_000), ("\"0.1\"", 100_000_000), ("9007199254.740993001", 9_007_199_254_740_993_001)]
    {
        let body = format!(r#"{{"tokenIn":"SOL","tokenOut":"USDC","amountIn":{amount}}}"#);
        let request = app.post("/api/orders/execute").header("content-type", "application/json").body(body);
        let placed: Value = request.send().await.unwrap().json().await.unwrap();
        let id = placed["id"].as_str().unwrap().parse().unwrap();
        let execution = app.execution(id).await;
        assert_eq!(execution.order().spec.request.amount, SwapAmount::ExactIn(Amount(units)), "{amount}");
        assert_eq!(execution.order().spec.slippage_bps, Bps(50));
    }
}

#[tokio::test]
async fn the_same_key_and_body_give_the_same_order() {
    let app = App::start().await;
    let post =
        |body: Value| app.post("/api/orders/execute").header("Idempotency-Key", "k 1").json(&body).send();
    let first = post(order()).await.unwrap();
    assert!(!first.headers().contains_key("idempotency-replayed"));
    let first: Value = first.json().await.unwrap();

    let mut execution = app.execution(first["id"].as_str().unwrap().parse().unwrap()).await;
    execution.submit().await;

    // the same order, written another way
    let again = post(json!({"type": "market", "inputMint": "So11111111111111111111111111111111111111112",
        "outputMint": "usdc", "amount": 1.0, "slippage_pct": 0.5}));
    let again = again.await.unwrap();
    assert_eq!(again.status(), StatusCode::OK);
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    let again: Value = again.json().await.unwrap();
    assert_eq!(again["id"], first["id"]);
    assert_eq!(again["status"], "submitted");

    let other = post(json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "2"})).await.unwrap();
    let refused = problem(other, 409, "idempotency_conflict").await;
    assert_eq!(refused["orderId"], first["id"]);
    assert_eq!(app.read("/api/orders").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_client_order_id_is_a_key_too() {
    let app = App::start().await;
    let with = |amount: &str| json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": amount, "clientOrderId": "mine"});
    let first: Value = app.execute(&with("1")).await.json().await.unwrap();
    assert_eq!(first["clientOrderId"], "mine");
    let again = app.execute(&with("1.0")).await;
    assert_eq!(again.status(), StatusCode::OK);
    assert_eq!(again.json::<Value>().await.unwrap()["id"], first["id"]);
    problem(app.execute(&with("2")).await, 409, "idempotency_conflict").await;
}

#[tokio::test]
async fn without_the_queue_orders_are_still_accepted() {
    let app = App::start().await;
    app.queue.is_down.store(true, Ordering::SeqCst);
    let id = app.placed().await;
    assert_eq!(app.read(&format!("/api/orders/{id}")).await["status"], "pending");
}

#[tokio::test]
async fn without_the_store_an_order_is_refused_and_the_repeat_makes_one() {
    let app = App::start().await;
    app.store.set_down(true);
    let post = || app.post("/api/orders/execute").header("Idempotency-Key", "k").json(&order()).send();
    problem(post().await.unwrap(), 503, "store_unavailable").await;
    app.store.set_down(false);
    assert_eq!(post().await.unwrap().status(), StatusCode::CREATED);
    assert_eq!(post().await.unwrap().status(), StatusCode::OK);
    assert_eq!(app.read("/api/orders").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_path_in_the_public_url_is_in_every_address_of_a_reply() {
    let public_url = Some("https://api.example.com/engine".to_owned());
    let app = App::start_for(Access { public_url, ..Access::default() }, |_| {}).await;
    let document: Value = app.get("/api/openapi.json").await.json().await.unwrap();
    assert_eq!(document["servers"], json!([{"url": "https://api.example.com/engine"}]));
    let response = app.execute(&order()).await;
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    let path = format!("/engine/api/orders/{}", body["orderId"].as_str().unwrap());
    assert_eq!(location, path);
    assert_eq!(body["statusEndpoint"], format!("{path}/status"));
    assert_eq!(body["statusUrl"], format!("https://api.example.com{path}"));
    assert!(body["wsUrl"].as_str().unwrap().starts_with("wss://api.example.com/engine/api/orders/execute?"));
}

#[tokio::test]
async fn an_empty_order_id_is_refused_instead_of_waiting_for_an_order() {
    let app = App::start().await;
    let (messages, code) = app.socket("/api/orders/execute?orderId=").await.rest().await;
    assert_eq!((&messages[0]["code"], code), (&json!("invalid_query"), 4400));
}
