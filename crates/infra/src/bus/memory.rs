//! The event bus inside the process.

use std::sync::Arc;

use domain::{
    OrderEvent,
    ports::{BusMessage, EventBus},
};
use futures::stream::BoxStream;

use super::fanout::{BACKLOG, Fanout};

/// A bus for one process.
pub struct MemoryBus {
    fanout: Fanout,
}

impl MemoryBus {
    /// A bus whose subscribers may be 16,384 messages behind before they lose some.
    pub fn new() -> Self {
        Self::with_backlog(BACKLOG)
    }

    /// A bus whose subscribers may be `backlog` messages behind, rounded up to a power of two.
    pub fn with_backlog(backlog: usize) -> Self {
        Self { fanout: Fanout::new(backlog) }
    }
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self::new()
    }
}

impl EventBus for MemoryBus {
    fn publish(&self, events: Vec<Arc<OrderEvent>>) {
        for event in events {
            self.fanout.send(BusMessage::Event(event));
        }
    }

    fn subscribe(&self) -> BoxStream<'static, BusMessage> {
        self.fanout.subscribe()
    }

    fn is_connected(&self) -> bool {
        true
    }
}
