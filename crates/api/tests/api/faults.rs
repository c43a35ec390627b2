//! Whatever the bus does, a client sees the stored events, each once and in order.

use std::{sync::Arc, time::Duration};

use domain::{
    AccountId, OrderEvent, OrderId,
    ports::{BusMessage, OrderReads},
};
use futures::StreamExt;
use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use testkit::eventually;
use tokio::net::TcpSocket;
use tokio_tungstenite::{client_async, tungstenite::Message};

use crate::{
    streams::events,
    support::{App, Execution, Socket},
};

/// An order with a follower that has seen its first event; from now on the bus loses everything.
async fn followed_without_bus(app: &App) -> (OrderId, Socket, Execution, Value) {
    let id = app.placed().await;
    let mut socket = app.socket(&format!("/api/orders/execute?orderId={id}")).await;
    socket.next().await;
    let first = socket.next().await;
    app.bus.lose_all(true);
    let execution = app.execution(id).await;
    (id, socket, execution, first)
}

async fn assert_saw_everything(app: &App, id: OrderId, socket: &mut Socket, first: Value) {
    let (rest, code) = socket.rest().await;
    assert_eq!(code, 1000);
    assert_eq!(events(&[&[first], &rest[..]].concat()), app.listed_events(id).await);
}

async fn bus_messages(app: &App, id: OrderId) -> Vec<BusMessage> {
    let account = AccountId::DEFAULT;
    let events = app.store.events(account, id, 0, 1_000).await.unwrap();
    events
        .into_iter()
        .map(|event| BusMessage::Event(Arc::new(OrderEvent { order_id: id, account, event })))
        .collect()
}

#[tokio::test]
async fn without_any_message_the_check_of_tails_finds_what_is_new() {
    let app = App::start_with(|limits| limits.tail_check_every = Duration::from_millis(10)).await;
    let (id, mut socket, mut execution, first) = followed_without_bus(&app).await;
    execution.run().await;
    assert_saw_everything(&app, id, &mut socket, first).await;
}

#[tokio::test]
async fn a_gap_is_filled_from_the_store() {
    let app = App::start().await;
    let (id, mut socket, mut execution, first) = followed_without_bus(&app).await;
    execution.submit().await;
    app.bus.lose_all(false);
    execution.confirm().await;
    assert_saw_everything(&app, id, &mut socket, first).await;
}

#[tokio::test]
async fn after_an_interruption_the_store_is_read() {
    let app = App::start().await;
    let (id, mut socket, mut execution, first) = followed_without_bus(&app).await;
    execution.run().await;
    app.bus.say(&BusMessage::Interrupted);
    assert_saw_everything(&app, id, &mut socket, first).await;
}

#[tokio::test]
async fn a_subscription_that_ends_is_renewed_and_the_store_is_read() {
    let app = App::start().await;
    let (id, mut socket, mut execution, first) = followed_without_bus(&app).await;
    execution.run().await;
    app.bus.hang_up();
    assert_saw_everything(&app, id, &mut socket, first).await;
}

#[tokio::test]
async fn a_store_that_is_down_for_a_while_is_waited_for() {
    let app = App::start().await;
    let (id, mut socket, mut execution, first) = followed_without_bus(&app).await;
    execution.run().await;
    app.store.set_down(true);
    app.bus.say(&BusMessage::Interrupted);
    // a round trip, in which the follower tries its luck
    assert_eq!(app.get("/health/ready").await.status(), 503);
    app.store.set_down(false);
    assert_saw_everything(&app, id, &mut socket, first).await;
}

#[tokio::test]
async fn lost_repeated_and_reordered_messages_change_nothing() {
    for seed in 0..24 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let app = App::start_with(|limits| limits.tail_check_every = Duration::from_millis(10)).await;
        let (id, mut socket, mut execution, first) = followed_without_bus(&app).await;
        execution.run().await;
        let mut messages = bus_messages(&app, id).await;
        messages.extend_from_within(..rng.random_range(0..messages.len()));
        messages.push(BusMessage::Interrupted);
        messages.shuffle(&mut rng);
        messages.truncate(rng.random_range(0..=messages.len()));
        for message in &messages {
            app.bus.say(message);
        }
        assert_saw_everything(&app, id, &mut socket, first).await;
    }
}

#[tokio::test]
async fn followers_that_come_and_go_while_events_flow_miss_nothing() {
    let app = Arc::new(App::start().await);
    let id = app.placed().await;
    let mut execution = app.execution(id).await;
    let mut followers = Vec::new();
    for _ in 0..10 {
        for after in [0, 3] {
            let app = app.clone();
            followers.push(tokio::spawn(async move {
                let path = format!("/api/orders/execute?orderId={id}&after={after}");
                let (messages, code) = app.socket(&path).await.rest().await;
                (after, events(&messages), code)
            }));
        }
        execution.submit().await;
        execution.retry().await;
    }
    execution.submit().await;
    execution.confirm().await;
    let all = app.listed_events(id).await;
    for follower in followers {
        let (after, seen, code) = follower.await.unwrap();
        assert_eq!(code, 1000);
        // an `after` beyond the last event at that time counts as that one
        let begin = usize::try_from(seen[0]["seq"].as_u64().unwrap()).unwrap() - 1;
        assert!(begin <= after, "{begin}");
        assert_eq!(seen, all[begin..]);
    }
}

/// A client that stops reading is let go, never skipped: what it did get has no gap, and with
/// `after` it gets the rest.
#[tokio::test]
async fn a_client_that_does_not_read_is_let_go_and_resumes_where_it_was() {
    let app = App::start_with(|limits| limits.send_within = Duration::from_millis(20)).await;
    let id = app.placed().await;
    let small = TcpSocket::new_v4().unwrap();
    small.set_recv_buffer_size(4_096).unwrap();
    let stream = small.connect(app.address.parse().unwrap()).await.unwrap();
    let path = format!("/api/orders/execute?orderId={id}");
    let url = format!("ws://{}{path}", app.address);
    let (mut slow, _) = client_async(url, stream).await.unwrap();

    let mut execution = app.execution(id).await;
    let followed = || async { app.read("/health").await["followed"] == 1 };
    eventually("the slow client to follow", followed).await;
    let mut rounds = 0;
    while followed().await {
        execution.submit().await;
        execution.retry_unlanded().await;
        rounds += 1;
        assert!(rounds < 20_000, "the client was never let go");
    }
    execution.fail().await;

    let mut last_seq = 0;
    while let Some(Ok(message)) = slow.next().await {
        let Message::Text(text) = message else { continue };
        let message: Value = serde_json::from_str(&text).unwrap();
        if message["type"] == "event" {
            assert_eq!(message["seq"], last_seq + 1, "a gap");
            last_seq += 1;
        }
    }
    assert!(last_seq > 0);
    // the limit that let the client go is so tight that it may need several tries
    loop {
        let (rest, code) = app.socket(&format!("{path}&after={last_seq}")).await.rest().await;
        for event in events(&rest) {
            assert_eq!(event["seq"], last_seq + 1, "a gap");
            last_seq += 1;
        }
        if code == 1000 {
            break;
        }
        assert_eq!(code, 1013);
    }
    assert_eq!(last_seq, rounds * 5 + 2);
}
