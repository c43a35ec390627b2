//! What every bus promises, over each of them.

use std::sync::Arc;

use domain::ports::{BusMessage, EventBus};
use infra::config::BackendConfig;
use testkit::{eventually, redis::TestRedis};

use crate::support::*;

/// The bus that a process gets, with or without `REDIS_URL`.
fn connected(redis_url: Option<String>) -> Arc<dyn EventBus> {
    infra::bus::connect(&BackendConfig {
        database_url: None,
        redis_url,
        data_dir: "unused".into(),
        database_max_connections: 2,
        startup_timeout_ms: 0,
        queue_capacity: 1,
        redis_prefix: "test".into(),
    })
    .unwrap()
}

/// Waits until the bus is connected, so that nothing is missed.
async fn ready(bus: &dyn EventBus) {
    eventually("the bus is connected", async || bus.is_connected()).await;
}

/// One test per promise and bus.
macro_rules! contract {
    ($($name:ident)*) => {
        mod in_memory {
            $(#[tokio::test] async fn $name() { super::$name(&*super::connected(None)).await; })*
        }
        mod over_redis {
            $(#[tokio::test] async fn $name() {
                let server = super::TestRedis::start().await;
                super::$name(&*super::connected(Some(server.url()))).await;
            })*
        }
    };
}

contract! {
    every_subscriber_hears_every_event_in_order
    a_slow_subscriber_is_told_that_it_missed_something
    a_subscriber_that_is_gone_holds_nobody_up
    events_arrive_as_they_were_sent
    publishing_to_nobody_is_fine
}

async fn every_subscriber_hears_every_event_in_order(bus: &dyn EventBus) {
    let mut subscribers = [Subscriber::of(bus), Subscriber::of(bus)];
    ready(bus).await;
    let events = events(3_000);
    for chunk in events.chunks(7) {
        bus.publish(chunk.to_vec());
    }
    for subscriber in &mut subscribers {
        for event in &events {
            assert_eq!(&subscriber.next_event().await, event);
        }
    }
}

async fn a_slow_subscriber_is_told_that_it_missed_something(bus: &dyn EventBus) {
    let mut slow = Subscriber::of(bus);
    let mut quick = Subscriber::of(bus);
    ready(bus).await;
    bus.publish(vec![event(1)]);
    slow.next_event().await;
    quick.next_event().await;
    for _ in 0..20 {
        let events = events(1_000);
        bus.publish(events.clone());
        for event in events {
            assert_eq!(quick.next_event().await, event);
        }
    }
    assert_eq!(slow.next().await, BusMessage::Interrupted);
    slow.next_event().await; // and it goes on from there
}

async fn a_subscriber_that_is_gone_holds_nobody_up(bus: &dyn EventBus) {
    drop(Subscriber::of(bus));
    let mut other = Subscriber::of(bus);
    ready(bus).await;
    let event = event(1);
    bus.publish(vec![event.clone()]);
    assert_eq!(other.next_event().await, event);
}

async fn events_arrive_as_they_were_sent(bus: &dyn EventBus) {
    let mut subscriber = Subscriber::of(bus);
    ready(bus).await;
    let events = every_kind();
    bus.publish(events.clone());
    for event in events {
        assert_eq!(subscriber.next_event().await, event);
    }
}

async fn publishing_to_nobody_is_fine(bus: &dyn EventBus) {
    bus.publish(events(10));
    bus.publish(Vec::new());
}
