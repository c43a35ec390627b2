//! The earlier systems' clients, each as it was written.

use domain::{AccountId, Amount, OrderId, SwapAmount, Token, ports::OrderReads, token::well_known_symbol};
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::samples;

use crate::support::{App, order, problem};

const SOL: &str = "So11111111111111111111111111111111111111112";
const USDC: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";

/// What a body is understood as: spent, received, the amount, slippage.
async fn understood(app: &App, body: &Value) -> (&'static str, &'static str, SwapAmount, u16) {
    let response = app.execute(body).await;
    assert_eq!(response.status(), StatusCode::OK, "{body}");
    let reply: Value = response.json().await.unwrap();
    for name in ["orderId", "statusEndpoint", "status", "wsUrl", "createdAt"] {
        assert!(reply[name].is_string(), "{name}");
    }
    let id: OrderId = reply["orderId"].as_str().unwrap().parse().unwrap();
    let spec = app.store.order(AccountId::DEFAULT, id).await.unwrap().unwrap().spec;
    let request = spec.request;
    let symbol = |token: Token| well_known_symbol(token.mint()).unwrap();
    (symbol(request.token_in), symbol(request.token_out), request.amount, spec.slippage_bps.0)
}

#[tokio::test]
async fn a_body_with_an_amount_and_a_wallet() {
    let app = App::start().await;
    let body = json!({"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1.5, "wallet": "9xQeWvG816bUx9EP"});
    let exact_in = SwapAmount::ExactIn(Amount(1_500_000_000));
    assert_eq!(understood(&app, &body).await, ("SOL", "USDC", exact_in, 50));
    assert_eq!(app.read("/api/orders").await[0]["wallet"], "9xQeWvG816bUx9EP");
    let body = json!({"tokenIn": "SOL", "tokenOut": "USDC", "amount": "1.5"});
    assert_eq!(understood(&app, &body).await, ("SOL", "USDC", exact_in, 50));
}

#[tokio::test]
async fn a_body_with_slippage_in_percent() {
    let app = App::start().await;
    for (slippage, bps) in [
        (json!(1), 100),
        (json!(0.5), 50),
        (json!("0.05"), 5),
        (json!(0), 0),
        (json!(0.001), 1),
        (json!("1.2345"), 124),
    ] {
        let body = json!({"tokenIn": "USDC", "tokenOut": "SOL", "amountIn": 100, "slippage": slippage});
        let expected = ("USDC", "SOL", SwapAmount::ExactIn(Amount(100_000_000)), bps);
        assert_eq!(understood(&app, &body).await, expected);
    }
}

#[tokio::test]
async fn a_body_with_mints_and_slippage_pct() {
    let app = App::start().await;
    let body = json!({"inputMint": SOL, "outputMint": USDC, "amount": 0.25, "slippage_pct": 1.5});
    let expected = ("SOL", "USDC", SwapAmount::ExactIn(Amount(250_000_000)), 150);
    assert_eq!(understood(&app, &body).await, expected);
    let zero = json!({"inputMint": SOL, "outputMint": USDC, "amount": 0.25, "slippage_pct": 0});
    let refused = problem(app.execute(&zero).await, 400, "invalid_order").await;
    assert_eq!(refused["errors"][0]["field"], "slippage_pct");
    assert_eq!(refused["errors"][0]["code"], "out_of_range");
}

#[tokio::test]
async fn a_body_with_a_side() {
    let app = App::start().await;
    let body = |client: &str, side: &str| json!({"clientId": client, "side": side, "baseAsset": "SOL", "quoteAsset": "USDC", "amount": "2"});
    let two_sol = Amount(2_000_000_000);
    let sell = ("SOL", "USDC", SwapAmount::ExactIn(two_sol), 50);
    let buy = ("USDC", "SOL", SwapAmount::ExactOut(two_sol), 50);
    assert_eq!(understood(&app, &body("c-1", "sell")).await, sell);
    assert_eq!(understood(&app, &body("c-2", "BUY")).await, buy);
    // a client may place as many orders as it likes, also two that ask for the same
    let mut placed = Vec::new();
    for side in ["sell", "sell", "buy"] {
        let reply = app.execute(&body("c-1", side)).await;
        assert_eq!((reply.status(), reply.headers().get("idempotency-replayed")), (StatusCode::OK, None));
        let order: Value = reply.json().await.unwrap();
        assert_eq!((&order["tag"], &order["clientOrderId"]), (&json!("c-1"), &Value::Null));
        placed.push(order["id"].clone());
    }
    placed.dedup();
    assert_eq!(placed.len(), 3);
    let id = placed[0].as_str().unwrap();
    assert_eq!(app.read(&format!("/api/orders/{id}")).await["tag"], "c-1", "it is kept");
    // what identifies an order is its client order id, in this form too
    let mut named = body("c-1", "sell");
    named["clientOrderId"] = json!("o-1");
    let is_replay =
        async |named: &Value| app.execute(named).await.headers().contains_key("idempotency-replayed");
    assert!(!is_replay(&named).await && is_replay(&named).await);
    named["side"] = json!("buy");
    problem(app.execute(&named).await, 409, "idempotency_conflict").await;
    let refused = problem(app.execute(&body("c-3", "hold")).await, 400, "invalid_order").await;
    assert_eq!(
        refused["errors"],
        json!([
        {"field": "side", "code": "unsupported", "message": "must be buy or sell"}])
    );
}

#[tokio::test]
async fn a_side_beside_the_tokens_does_not_change_the_form() {
    let app = App::start().await;
    let expected = ("SOL", "USDC", SwapAmount::ExactIn(Amount(1_000_000_000)), 50);
    for side in ["buy", "sell"] {
        let body =
            json!({"tokenIn": "SOL", "tokenOut": "USDC", "amount": "1", "side": side, "orderType": "MARKET"});
        assert_eq!(understood(&app, &body).await, expected);
        let body = json!({"inputMint": SOL, "outputMint": USDC, "amount": "1", "side": side});
        assert_eq!(understood(&app, &body).await, expected);
    }
    let canonical =
        json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "side": "buy", "clientId": "c-1"});
    let reply = app.execute(&canonical).await;
    assert_eq!(reply.status(), StatusCode::CREATED, "it is in the canonical form");
    assert_eq!(reply.json::<Value>().await.unwrap()["tag"], "c-1");
    let twice = json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "tag": "a", "clientId": "b"});
    let refused = problem(app.execute(&twice).await, 400, "invalid_order").await;
    assert_eq!(
        (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
        (&json!("clientId"), &json!("conflict"))
    );
}

#[tokio::test]
async fn a_key_may_come_under_its_earlier_name() {
    let app = App::start().await;
    let place = async |headers: &[(&str, &str)]| {
        let asked = headers
            .iter()
            .fold(app.post("/api/orders/execute"), |asked, (name, key)| asked.header(*name, *key));
        asked.json(&order()).send().await.unwrap()
    };
    let first: Value = place(&[("X-Idempotency-Key", "k")]).await.json().await.unwrap();
    for again in [&[("Idempotency-Key", "k")][..], &[("Idempotency-Key", "k"), ("X-Idempotency-Key", "k")]] {
        let reply = place(again).await;
        assert_eq!(reply.status(), StatusCode::OK);
        assert_eq!(reply.json::<Value>().await.unwrap()["id"], first["id"]);
    }
    let two = place(&[("Idempotency-Key", "k"), ("X-Idempotency-Key", "other")]).await;
    problem(two, 400, "invalid_idempotency_key").await;
}

#[tokio::test]
async fn whatever_is_not_a_known_order_is_not_found_in_their_words() {
    let app = App::start().await;
    let unknown = samples::order_id().to_string();
    for id in [unknown.as_str(), "17", "not-a-uuid", "%20", "0"] {
        let refused = problem(app.get(&format!("/api/orders/{id}")).await, 404, "order_not_found").await;
        assert_eq!(refused["error"], "Not found", "{id}");
    }
    let id = app.placed().await;
    for order in [app.read(&format!("/api/orders/{id}")).await, app.read("/api/orders").await[0].clone()] {
        assert_eq!((&order["created_at"], &order["updated_at"]), (&order["createdAt"], &order["updatedAt"]));
        assert!(order["created_at"].is_string());
    }
}

#[tokio::test]
async fn the_status_socket_sends_the_history_and_then_updates() {
    let app = App::start().await;
    let placed: Value = app.execute(&order()).await.json().await.unwrap();
    let id: OrderId = placed["orderId"].as_str().unwrap().parse().unwrap();
    let endpoint = placed["statusEndpoint"].as_str().unwrap();
    let mut execution = app.execution(id).await;
    execution.submit().await;
    let mut socket = app.socket(endpoint).await;
    let history = socket.next().await;
    assert_eq!(history["type"], "history");
    execution.confirm().await;
    let (updates, code) = socket.rest().await;
    assert_eq!(code, 1000);
    assert!(updates.iter().all(|message| message["type"] == "update"));
    let mut seen = history["data"].as_array().unwrap().clone();
    seen.extend(updates.iter().map(|message| message["data"].clone()));
    assert_eq!(seen, app.listed_events(id).await);
    assert_eq!(seen.last().unwrap()["status"], "confirmed");

    let (messages, code) = app.socket(endpoint).await.rest().await;
    assert_eq!((messages.len(), code), (1, 1000));
    let unknown = format!("/api/orders/{}/status", samples::order_id());
    let (messages, code) = app.socket(&unknown).await.rest().await;
    assert_eq!((&messages[0]["code"], code), (&json!("order_not_found"), 4404));
    // asked plainly, the address answers with the order
    assert_eq!(app.read(endpoint).await["status"], "confirmed");
}

#[tokio::test]
async fn their_sockets_refuse_parameters_that_they_do_not_know_in_their_own_words() {
    let app = App::start().await;
    let id = app.placed().await;
    let (messages, code) = app.socket(&format!("/api/orders/ws?orderId={id}&after=1")).await.rest().await;
    assert_eq!((messages, code), (vec![json!({"error": "after is not a known parameter"})], 4400));
    let (messages, code) = app.socket("/api/orders/ws?order=1").await.rest().await;
    assert_eq!((messages, code), (vec![json!({"error": "Missing orderId"})], 4400));
    let status = format!("/api/orders/{id}/status?after=1");
    let (messages, code) = app.socket(&status).await.rest().await;
    assert_eq!((&messages[0]["code"], code), (&json!("invalid_query"), 4400));
    problem(app.get(&status).await, 400, "invalid_query").await;
}

#[tokio::test]
async fn the_snapshot_socket_sends_the_order_and_then_flat_updates() {
    let app = App::start().await;
    let id = app.placed().await;
    let path = format!("/api/orders/ws?orderId={id}");
    let mut execution = app.execution(id).await;
    let mut socket = app.socket(&path).await;
    let snapshot = socket.next().await;
    assert_eq!(snapshot["type"], "snapshot");
    assert_eq!(snapshot["data"], app.read(&format!("/api/orders/{id}")).await);
    execution.submit().await;
    execution.confirm().await;
    let (updates, code) = socket.rest().await;
    assert_eq!(code, 1000);
    assert!(updates.iter().all(|update| update["orderId"] == id.to_string()));
    let statuses: Vec<_> = updates.iter().map(|update| update["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["routing", "routing", "building", "submitted", "confirmed"]);
    assert!(updates.last().unwrap()["txHash"].is_string());

    let (messages, code) = app.socket(&path).await.rest().await;
    assert_eq!(messages[0]["type"], "snapshot");
    assert_eq!(messages[0]["data"]["status"], "confirmed");
    assert_eq!(messages[1], json!({"error": "Order already processed"}));
    assert_eq!((messages.len(), code), (2, 1000));
}

#[tokio::test]
async fn the_snapshot_socket_refuses_in_the_old_words() {
    let app = App::start().await;
    for (query, error, close_code) in [
        (format!("orderId={}", samples::order_id()), "Order not found", 4404),
        ("orderId=nonsense".to_owned(), "Order not found", 4404),
        ("orderId=".to_owned(), "Missing orderId", 4400),
        ("id=7".to_owned(), "Missing orderId", 4400),
    ] {
        let (messages, code) = app.socket(&format!("/api/orders/ws?{query}")).await.rest().await;
        assert_eq!((messages, code), (vec![json!({"error": error})], close_code), "{query}");
    }
}

#[tokio::test]
async fn the_socket_without_a_query_takes_an_order_and_names_its_events() {
    let app = App::start().await;
    let mut socket = app.socket("/api/orders/ws").await;
    socket.send(json!({"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1})).await;
    let pending = socket.next().await;
    assert_eq!(pending["event"], "pending");
    let id = pending["orderId"].as_str().unwrap().to_owned();
    let mut execution = app.execution(id.parse().unwrap()).await;
    execution.submit().await;
    execution.retry().await;
    execution.submit().await;
    execution.fail().await;
    let (messages, code) = socket.rest().await;
    assert_eq!(code, 1000);
    let names: Vec<_> = messages.iter().map(|message| message["event"].as_str().unwrap()).collect();
    let attempt = ["routing", "routing:quotes", "building", "submitted"];
    assert_eq!(names, [&attempt[..], &["retrying"], &attempt, &["failed"]].concat());
    assert!(messages.iter().all(|message| message["orderId"] == id));
    assert_eq!(messages[1]["data"]["quotes"][0]["venue"], "meteora");
    assert_eq!(messages.last().unwrap()["error"], "the price moved");
}

#[tokio::test]
async fn the_socket_without_a_query_refuses_what_is_no_order() {
    let app = App::start().await;
    let mut socket = app.socket("/api/orders/ws").await;
    socket.send(json!({"tokenIn": "SOL", "tokenOut": "SOL", "amount": 1})).await;
    let (messages, code) = socket.rest().await;
    assert_eq!((&messages[0]["event"], messages.len(), code), (&json!("error"), 1, 4400));
    assert!(messages[0]["error"].as_str().unwrap().contains("tokenOut"), "{messages:?}");
}
