use std::{sync::atomic::Ordering, time::Duration};

use api::Access;
use domain::{
    Timestamp, Token, VenueId,
    ports::{Candle, Ohlc, PriceHistory},
};
use serde_json::{Value, json};
use testkit::{MemoryPrices, eventually};

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
    let many = vec!["SOL/USDC"; 21];
    for wrong in
        [json!([]), json!(["SOL"]), json!("SOL/USDC"), json!(["SOL/NOPE"]), json!(["SOL/SOL"]), json!(many)]
    {
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

/// Five minutes of a candle, with a price that goes up by one each minute.
async fn record(app: &App, start: Timestamp) {
    let pair = [Token::SOL, Token::well_known("USDC").unwrap()].map(Token::mint);
    for (minute, price) in (0..5).zip([1.0, 2.0, 3.0, 4.0, 5.0]) {
        let at = start + Duration::from_mins(minute);
        let candle = Candle { at, venue: VenueId::METEORA, bid: Some(Ohlc::new(price)), ask: None };
        app.prices.record(pair, &[candle]).await.unwrap();
    }
}

#[tokio::test]
async fn candles_begin_within_the_bounds_and_are_whole() {
    let app = App::start().await;
    let start = Candle::start("2027-01-15T07:00:00Z".parse().unwrap(), 5);
    for candle in 0..3 {
        record(&app, start + Duration::from_mins(candle * 5)).await;
    }
    let query = "from=2027-01-15T07:02:00Z&to=2027-01-15T07:11:00Z";
    let read = app.read(&format!("/api/market/candles?pair=SOL/USDC&interval=5m&{query}")).await;
    let whole = json!({"open": 1.0, "high": 5.0, "low": 1.0, "close": 5.0});
    assert_eq!(
        read["venues"][0]["candles"],
        json!([
            {"at": "2027-01-15T07:05:00.000000Z", "bid": whole},
            {"at": "2027-01-15T07:10:00.000000Z", "bid": whole},
        ])
    );
}

#[tokio::test]
async fn a_history_that_fails_is_reported_without_what_the_database_said() {
    let app = App::start().await;
    app.prices.set_down(true);
    let answer = app.get("/api/market/candles?pair=SOL/USDC").await;
    let refused = problem(answer, 503, "store_unavailable").await;
    assert!(!refused.to_string().contains(MemoryPrices::ERROR), "{refused}");
}

#[tokio::test]
async fn a_history_that_hangs_does_not_hold_up_the_prices() {
    let app = App::start_over(MemoryPrices::hanging(), Access::default(), |limits| {
        limits.price_every = Duration::from_millis(20);
    })
    .await;
    let mut socket = app.socket("/api/stream").await;
    socket.next().await; // connected
    socket.send(&json!({"op": "subscribe", "prices": ["SOL/USDC"]})).await;
    assert_eq!(socket.next().await["type"], "subscribed");
    for _ in 0..3 {
        assert_eq!(socket.next().await["type"], "prices");
    }
}
