use std::{sync::atomic::Ordering, time::Duration};

use serde_json::{Value, json};
use testkit::eventually;

use crate::support::{App, problem};

const PRICES: &str = "/api/market/prices?pair=SOL/USDC";

#[tokio::test]
async fn a_pair_has_a_bid_and_an_ask_at_each_venue() {
    let app = App::start().await;
    let prices = app.read(PRICES).await;
    assert_eq!((&prices["pair"], &prices["lot"]), (&json!("SOL/USDC"), &json!("1")));
    assert_eq!(prices["venues"].as_array().unwrap().len(), 1);
    assert!(prices["venues"][0]["bid"].is_string() && prices["venues"][0]["ask"].is_string(), "{prices}");
    for query in ["", "?pair=SOL", "?pair=SOL/SOL", "?pair=SOL/NOPE", "?pair=SOL/USDC&at=now"] {
        problem(app.get(&format!("/api/market/prices{query}")).await, 400, "invalid_query").await;
    }
}

#[tokio::test]
async fn many_watchers_of_a_pair_cost_one_quote() {
    let app = App::start().await;
    let mut watchers = Vec::new();
    for _ in 0..5 {
        let mut socket = app.socket("/api/stream").await;
        assert_eq!(socket.next().await["type"], "connected");
        socket.send(&json!({"op": "subscribe", "prices": ["sol/usdc", "SOL → USDC"], "id": 1})).await;
        assert_eq!(
            socket.next().await,
            json!({"type": "subscribed", "prices": ["SOL/USDC", "SOL/USDC"], "id": 1})
        );
        watchers.push(socket);
    }
    let before = app.venues.asked();
    for socket in &mut watchers {
        let tick = socket.next().await;
        assert_eq!((&tick["type"], &tick["pair"]), (&json!("prices"), &json!("SOL/USDC")));
    }
    assert!(app.venues.asked() - before <= 2 * 2, "bid and ask, at most twice meanwhile");

    let mut socket = watchers.pop().unwrap();
    socket.send(&json!({"op": "unsubscribe", "prices": ["SOL/USDC"]})).await;
    let answer = loop {
        let message = socket.next().await;
        if message["type"] != "prices" {
            break message;
        }
    };
    assert_eq!(answer, json!({"type": "unsubscribed", "prices": ["SOL/USDC"]}));
    for wrong in [json!([]), json!(["SOL"]), json!("SOL/USDC"), json!(["SOL/NOPE"])] {
        socket.send(&json!({"op": "subscribe", "prices": wrong})).await;
        assert_eq!(socket.next().await["code"], "invalid_request", "{wrong}");
    }
    drop((watchers, socket));
    eventually("nobody watches and nothing is quoted", async || {
        let asked = app.venues.asked();
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        app.venues.asked() == asked
    })
    .await;
}

#[tokio::test]
async fn candles_are_recorded_without_a_viewer() {
    let app = App::start_with(|limits| limits.price_pairs = vec!["SOL/USDC".to_owned()]).await;
    let candles = async || app.read("/api/market/candles?pair=SOL/USDC&interval=5m").await;
    eventually("a candle", async || candles().await["venues"][0]["candles"][0]["bid"]["close"].is_number())
        .await;
    let read: Value = candles().await;
    assert_eq!((&read["pair"], &read["interval"]), (&json!("SOL/USDC"), &json!("5m")));
    let other = app.read("/api/market/candles?pair=RAY/USDC").await;
    assert_eq!(other["venues"], json!([]), "not recorded");
    for query in ["?pair=SOL/USDC&interval=2m", "?pair=SOL/USDC&from=yesterday", "?interval=1m"] {
        problem(app.get(&format!("/api/market/candles{query}")).await, 400, "invalid_query").await;
    }
}

#[tokio::test]
async fn a_venue_with_a_bug_does_not_stop_the_ticker() {
    let app = App::start_with(|limits| limits.price_every = Duration::from_millis(20)).await;
    let mut socket = app.socket("/api/stream").await;
    socket.next().await;
    app.venues.panics.store(true, Ordering::SeqCst);
    socket.send(&json!({"op": "subscribe", "prices": ["SOL/USDC"]})).await;
    assert_eq!(socket.next().await["type"], "subscribed");
    let asked = app.venues.asked();
    eventually("the pair was quoted", async || app.venues.asked() > asked + 2).await;
    app.venues.panics.store(false, Ordering::SeqCst);
    assert_eq!(socket.next().await["type"], "prices");
}
