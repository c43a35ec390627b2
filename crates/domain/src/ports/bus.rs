use std::sync::Arc;

use futures::stream::BoxStream;

use crate::OrderEvent;

/// What a subscriber receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusMessage {
    /// An event was committed.
    Event(Arc<OrderEvent>),
    /// Messages may have been lost (a reconnect, a lag): read the store again.
    Interrupted,
}

/// Carries committed events to every API. A message is a hint: it may be lost, repeated or
/// reordered, and nothing breaks, because the store is the truth.
pub trait EventBus: Send + Sync + 'static {
    /// Announces committed events, in order. Returns at once and never fails: what is lost is
    /// found again in the store.
    fn publish(&self, events: Vec<Arc<OrderEvent>>);

    /// All events announced from now on by any process. An [`BusMessage::Interrupted`] comes
    /// whenever some may be missing. Meant for one subscription per process.
    fn subscribe(&self) -> BoxStream<'static, BusMessage>;

    /// Whether the bus is connected now, for `/health`.
    fn is_connected(&self) -> bool;
}
