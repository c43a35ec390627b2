use std::time::Duration;

use serde_json::{Value, json};
use testkit::{eventually, samples};

use crate::support::{App, Socket, order};

/// The events among messages, as they are listed.
pub(crate) fn events(messages: &[Value]) -> Vec<Value> {
    messages
        .iter()
        .filter(|message| message["type"] == "event")
        .map(|message| {
            let mut event = message.clone();
            event.as_object_mut().unwrap().remove("type");
            event
        })
        .collect()
}

#[tokio::test]
async fn a_follower_sees_every_event_live_and_then_the_end() {
    let app = App::start().await;
    let id = app.placed().await;
    let mut socket = app.socket(&format!("/api/orders/execute?orderId={id}")).await;
    assert_eq!(socket.next().await, json!({"type": "connected", "orderId": id}));
    let first = socket.next().await;
    assert_eq!(first["status"], "pending");
    assert_eq!(first["seq"], 1);
    assert_eq!(first["orderId"], id.to_string());
    assert_eq!(first["data"]["order"]["amountIn"], "1");

    app.execution(id).await.run().await;
    let (rest, code) = socket.rest().await;
    assert_eq!(code, 1000);
    assert_eq!(rest.last().unwrap(), &json!({"type": "end", "orderId": id}));
    let seen = events(&[&[first], &rest[..]].concat());
    assert_eq!(seen, app.listed_events(id).await);
    let data = &seen.last().unwrap()["data"];
    assert_eq!((&data["kind"], &data["amountOut"]), (&json!("confirmed"), &json!("149.327092")));
}

#[tokio::test]
async fn a_finished_order_is_told_from_its_first_event() {
    let app = App::start().await;
    let id = app.placed().await;
    app.execution(id).await.run().await;
    let (messages, code) = app.socket(&format!("/api/orders/execute?orderId={id}")).await.rest().await;
    assert_eq!(code, 1000);
    assert_eq!(messages[0]["type"], "connected");
    assert_eq!(events(&messages), app.listed_events(id).await);
}

#[tokio::test]
async fn a_client_resumes_after_the_last_event_it_saw() {
    let app = App::start().await;
    let id = app.placed().await;
    let mut execution = app.execution(id).await;
    execution.submit().await;
    let path = |after: u32| format!("/api/orders/execute?orderId={id}&after={after}");
    let mut resumed = app.socket(&path(3)).await;
    let mut from_the_future = app.socket(&path(99)).await;
    for socket in [&mut resumed, &mut from_the_future] {
        assert_eq!(socket.next().await["type"], "connected");
    }
    assert_eq!(resumed.next().await["seq"], 4);
    execution.confirm().await;
    let all = app.listed_events(id).await;
    assert_eq!(events(&resumed.rest().await.0), all[4..]);
    assert_eq!(events(&from_the_future.rest().await.0), all[5..]);
    // everything was seen already: the end at once
    let (messages, code) = app.socket(&path(6)).await.rest().await;
    assert_eq!((messages.len(), code), (2, 1000));
}

#[tokio::test]
async fn the_first_message_may_be_an_order() {
    let app = App::start().await;
    let mut socket = app.socket("/api/orders/execute").await;
    assert_eq!(socket.next().await, json!({"type": "connected"}));
    socket.send(order()).await;
    let first = socket.next().await;
    assert_eq!(first["data"]["kind"], "accepted");
    let id = first["orderId"].as_str().unwrap().parse().unwrap();
    app.execution(id).await.run().await;
    let (rest, code) = socket.rest().await;
    assert_eq!(code, 1000);
    assert_eq!(events(&[&[first], &rest[..]].concat()), app.listed_events(id).await);
}

#[tokio::test]
async fn the_same_client_order_id_over_a_socket_follows_the_same_order() {
    let app = App::start().await;
    let body = json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 1, "clientOrderId": "mine"});
    let placed: Value = app.execute(&body).await.json().await.unwrap();
    let mut socket = app.socket("/api/orders/execute").await;
    socket.next().await;
    socket.send(&body).await;
    assert_eq!(socket.next().await["orderId"], placed["id"]);
    let mut other = app.socket("/api/orders/execute").await;
    other.next().await;
    other.send(json!({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 2, "clientOrderId": "mine"})).await;
    let (messages, code) = other.rest().await;
    assert_eq!((&messages[0]["code"], code), (&json!("idempotency_conflict"), 4409));
}

#[tokio::test]
async fn what_cannot_be_followed_is_said_and_has_its_close_code() {
    let app = App::start().await;
    let unknown = samples::order_id();
    for (path, code, close_code) in [
        (format!("/api/orders/execute?orderId={unknown}"), "order_not_found", 4404),
        ("/api/orders/execute?orderId=nonsense".into(), "invalid_order_id", 4400),
        (format!("/api/orders/execute?orderId={unknown}&after=-1"), "invalid_query", 4400),
        (format!("/api/orders/execute?orderid={unknown}"), "invalid_query", 4400),
        ("/api/orders/execute?after=3".into(), "invalid_query", 4400),
        (format!("/api/stream?orders={unknown}"), "invalid_query", 4400),
    ] {
        let (messages, closed) = app.socket(&path).await.rest().await;
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert_eq!(messages[0]["type"], "error");
        assert_eq!((&messages[0]["code"], closed), (&json!(code), close_code));
    }
    app.store.set_down(true);
    let (messages, closed) = app.socket(&format!("/api/orders/execute?orderId={unknown}")).await.rest().await;
    assert_eq!((&messages[0]["code"], closed), (&json!("store_unavailable"), 1013));
}

#[tokio::test]
async fn a_message_that_is_no_order_is_refused_with_its_reasons() {
    let app = App::start().await;
    for (message, code) in
        [("hello", "malformed_json"), ("[]", "malformed_json"), (r#"{"tokenIn":"SOL"}"#, "invalid_order")]
    {
        let mut socket = app.socket("/api/orders/execute").await;
        socket.next().await;
        socket.send(message).await;
        let (messages, closed) = socket.rest().await;
        assert_eq!((&messages[0]["type"], &messages[0]["code"]), (&json!("error"), &json!(code)));
        assert_eq!(closed, 4400);
    }
    let mut socket = app.socket("/api/orders/execute").await;
    socket.next().await;
    socket.send("x".repeat(65_537)).await;
    assert_eq!(socket.close_code().await, 1009);
    assert_eq!(app.read("/api/orders").await, json!([]));
}

#[tokio::test]
async fn a_silent_peer_is_closed_and_a_stop_closes_with_1001() {
    let app = App::start_with(|limits| limits.first_message_within = Duration::from_millis(10)).await;
    let mut silent = app.socket("/api/orders/execute").await;
    silent.next().await;
    assert_eq!(silent.close_code().await, 4408);

    let id = app.placed().await;
    let mut following = app.socket(&format!("/api/orders/execute?orderId={id}")).await;
    following.next().await;
    following.next().await;
    app.stop.cancel();
    assert_eq!(following.close_code().await, 1001);
    app.served.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_quiet_peer_is_pinged_and_its_stream_goes_on() {
    let app = App::start_with(|limits| limits.ping_every = Duration::from_millis(10)).await;
    let id = app.placed().await;
    let mut socket = app.socket(&format!("/api/orders/execute?orderId={id}")).await;
    socket.next().await;
    socket.next().await;
    for _ in 0..3 {
        socket.next_ping().await;
    }
    app.execution(id).await.run().await;
    assert_eq!(events(&socket.rest().await.0), app.listed_events(id).await[1..]);
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_let_go() {
    let app = App::start_with(|limits| {
        limits.ping_every = Duration::from_millis(10);
        limits.idle_after = Duration::from_secs(1);
    })
    .await;
    let id = app.placed().await;
    let mut socket = app.socket(&format!("/api/orders/execute?orderId={id}")).await;
    socket.next().await;
    socket.next().await;
    // pongs go out while the client reads, and it does not any more
    eventually("the silent peer to be let go", || async { app.read("/health").await["followed"] == 0 }).await;
}

#[tokio::test]
async fn there_is_one_subscription_for_all_and_nothing_is_left_behind() {
    let app = App::start().await;
    let id = app.placed().await;
    let path = format!("/api/orders/execute?orderId={id}");
    let mut sockets: Vec<Socket> = Vec::new();
    for _ in 0..20 {
        sockets.push(app.socket(&path).await);
    }
    sockets.pop().unwrap().close().await;
    app.execution(id).await.run().await;
    let expected = app.listed_events(id).await;
    for socket in &mut sockets {
        assert_eq!(events(&socket.rest().await.0), expected);
    }
    assert_eq!(app.bus.subscriptions(), 1);
    eventually("all followers to leave", || async { app.read("/health").await["followed"] == 0 }).await;
}

#[tokio::test]
async fn there_is_a_limit_to_open_streams() {
    let app = App::start_with(|limits| limits.max_streams = 1).await;
    let id = app.placed().await;
    let path = format!("/api/orders/execute?orderId={id}");
    let mut first = app.socket(&path).await;
    first.next().await;
    let second = Box::pin(tokio_tungstenite::connect_async(format!("ws://{}{path}", app.address))).await;
    let error = second.unwrap_err().to_string();
    assert!(error.contains("503"), "{error}");
    first.close().await;
    eventually("room for another stream", || async {
        Box::pin(tokio_tungstenite::connect_async(format!("ws://{}{path}", app.address))).await.is_ok()
    })
    .await;
}
