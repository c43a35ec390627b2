//! What travels over the Redis channel: the JSON of an order event, or a marker that says some
//! events could not be published. This is the only place that knows.

use std::sync::Arc;

use domain::{OrderEvent, ports::BusMessage};

/// Published in place of events that were dropped.
pub(super) const GAP: &[u8] = b"gap";

/// The form of an event on the wire.
pub(super) fn encode(event: &OrderEvent) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(event)
}

/// Reads a message from the wire.
pub(super) fn decode(payload: &[u8]) -> serde_json::Result<BusMessage> {
    if payload == GAP {
        return Ok(BusMessage::Interrupted);
    }
    serde_json::from_slice(payload).map(|event| BusMessage::Event(Arc::new(event)))
}
