//! What the bus tests share.

use std::{sync::Arc, time::Duration};

use domain::{
    AccountId, Event, EventData, OrderEvent, OrderStatus, Timestamp,
    ports::{BusMessage, EventBus},
};
use futures::{StreamExt, stream::BoxStream};
use infra::bus::redis::RedisBus;
use testkit::{redis::TestRedis, samples};
use tokio::time::timeout;

/// Far more than any message needs.
const PATIENCE: Duration = Duration::from_mins(1);

/// The `seq`-th event of a new order.
pub(crate) fn event(seq: u32) -> Arc<OrderEvent> {
    of(seq, EventData::RoutingStarted)
}

/// An event with that data.
pub(crate) fn of(seq: u32, data: EventData) -> Arc<OrderEvent> {
    Arc::new(OrderEvent {
        order_id: samples::order_id(),
        account: AccountId::DEFAULT,
        event: Event {
            seq,
            status: OrderStatus::Routing,
            attempt: 1,
            at: Timestamp::from_unix_micros(1_800_000_000_123_456),
            data,
        },
    })
}

/// An event of every kind, with all that it may carry.
pub(crate) fn every_kind() -> Vec<Arc<OrderEvent>> {
    let order = samples::acceptance().order;
    let attempt = samples::attempt(&order);
    let failure = samples::failure();
    let next_attempt_at = Timestamp::from_unix_micros(1_800_000_001_000_001);
    let mut kinds = vec![EventData::Accepted { order: samples::spec(), origin: None }];
    kinds.extend(samples::steps_to_building());
    kinds.push(samples::submitted(&attempt));
    kinds.push(samples::confirmed(&attempt));
    kinds.push(EventData::Retrying { failure: failure.clone(), next_attempt_at });
    kinds.push(EventData::Failed { failure });
    (1..).zip(kinds).map(|(seq, data)| of(seq, data)).collect()
}

/// As many new events.
pub(crate) fn events(count: u32) -> Vec<Arc<OrderEvent>> {
    (1..=count).map(event).collect()
}

/// A bus over `server`.
pub(crate) fn bus(server: &TestRedis) -> RedisBus {
    RedisBus::open(&server.url(), "test", 1).unwrap()
}

/// One subscriber.
pub(crate) struct Subscriber(BoxStream<'static, BusMessage>);

impl Subscriber {
    pub(crate) fn of(bus: &dyn EventBus) -> Self {
        Self(bus.subscribe())
    }

    pub(crate) async fn next(&mut self) -> BusMessage {
        timeout(PATIENCE, self.0.next()).await.expect("a message").expect("the stream goes on")
    }

    /// The next event, whatever interruptions come before it.
    pub(crate) async fn next_event(&mut self) -> Arc<OrderEvent> {
        loop {
            if let BusMessage::Event(event) = self.next().await {
                return event;
            }
        }
    }

    /// Waits for an interruption, whatever events come before it.
    pub(crate) async fn interrupted(&mut self) {
        while self.next().await != BusMessage::Interrupted {}
    }
}
