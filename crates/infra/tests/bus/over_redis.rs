//! What only the bus over Redis has to cope with.

use domain::ports::{BusMessage, EventBus};
use infra::bus::redis::RedisBus;
use redis::AsyncCommands;
use testkit::{eventually, redis::TestRedis};

use crate::support::*;

#[tokio::test]
async fn events_reach_other_processes_and_no_other_engine() {
    let server = TestRedis::start().await;
    let (worker, api) = (bus(&server), bus(&server));
    let stranger = RedisBus::open(&server.url(), "other", 3).unwrap();
    let (mut here, mut there) = (Subscriber::of(&api), Subscriber::of(&stranger));
    for bus in [&worker, &api, &stranger] {
        eventually("the bus is connected", async || bus.is_connected()).await;
    }
    let (ours, theirs) = (event(1), event(2));
    worker.publish(vec![ours.clone()]);
    assert_eq!(here.next_event().await, ours);
    stranger.publish(vec![theirs.clone()]);
    assert_eq!(there.next_event().await, theirs);
}

/// A subscriber from before the server's acknowledgement may have missed something.
#[tokio::test]
async fn a_subscription_may_come_before_redis_and_begins_with_an_interruption() {
    let mut server = TestRedis::start().await;
    server.stop();
    let bus = bus(&server);
    let mut subscriber = Subscriber::of(&bus);
    assert!(!bus.is_connected());
    server.start_again().await;
    assert_eq!(subscriber.next().await, BusMessage::Interrupted);
    eventually("the bus is connected", async || bus.is_connected()).await;
    let event = event(1);
    bus.publish(vec![event.clone()]);
    assert_eq!(subscriber.next_event().await, event);
}

#[tokio::test]
async fn every_reconnect_is_an_interruption() {
    let mut server = TestRedis::start().await;
    let bus = bus(&server);
    let mut subscriber = Subscriber::of(&bus);
    subscriber.interrupted().await;
    for round in 1..=3 {
        server.stop();
        eventually("the loss is noticed", async || !bus.is_connected()).await;
        server.start_again().await;
        subscriber.interrupted().await;
        eventually("the bus is connected", async || bus.is_connected()).await;
        let event = event(round);
        bus.publish(vec![event.clone()]);
        assert_eq!(subscriber.next_event().await, event);
    }
}

/// What is published meanwhile is dropped beyond a bound, and then subscribers are notified.
#[tokio::test]
async fn publishing_while_redis_is_down_neither_blocks_nor_grows() {
    let mut server = TestRedis::start().await;
    let (worker, api) = (bus(&server), bus(&server));
    let mut subscriber = Subscriber::of(&api);
    subscriber.interrupted().await;
    eventually("the bus is connected", async || worker.is_connected()).await;
    server.stop();
    let shared = event(1);
    for _ in 0..1_000 {
        worker.publish(vec![shared.clone(); 100]);
    }
    // what the bus keeps of the 100,000 is what still refers to the event
    assert!(std::sync::Arc::strong_count(&shared) < 10_000);

    server.start_again().await;
    subscriber.interrupted().await;
    eventually("the bus is connected", async || worker.is_connected()).await;
    let event = event(2);
    worker.publish(vec![event.clone()]);
    while subscriber.next_event().await != event {}
}

/// A subscriber whose own connection was fine is notified of what others could not publish.
#[tokio::test]
async fn dropped_events_are_an_interruption_for_everybody() {
    let server = TestRedis::start().await;
    let (worker, api) = (bus(&server), bus(&server));
    let mut subscriber = Subscriber::of(&api);
    subscriber.interrupted().await;
    let shared = event(1);
    // more at once than the bus keeps, before it has had a chance to send any of it
    worker.publish(vec![shared; 20_000]);
    subscriber.interrupted().await;
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_an_interruption() {
    let server = TestRedis::start().await;
    let bus = bus(&server);
    let mut subscriber = Subscriber::of(&bus);
    subscriber.interrupted().await;
    eventually("the bus is connected", async || bus.is_connected()).await;
    let mut connection = server.connection().await;
    for nonsense in ["", "{}", "[1,2", "\u{0}"] {
        let heard: usize = connection.publish("test:events", nonsense).await.unwrap();
        assert_eq!(heard, 1);
        assert_eq!(subscriber.next().await, BusMessage::Interrupted, "{nonsense:?}");
    }
    let event = event(1);
    bus.publish(vec![event.clone()]);
    assert_eq!(subscriber.next().await, BusMessage::Event(event));
}
