//! What travels over the Redis channel: a JSON array of order events, or a marker that says some
//! events could not be published. This is the only place that knows.

use std::sync::Arc;

use domain::{OrderEvent, ports::BusMessage};

/// Published in place of events that were dropped.
pub(super) const GAP: &[u8] = b"gap";

/// The form of a group of events on the wire. They share a message, because a message by itself costs
/// Redis and every subscriber about as much as an event in it.
pub(super) fn encode(events: &[Arc<OrderEvent>]) -> serde_json::Result<Vec<u8>> {
    let events: Vec<&OrderEvent> = events.iter().map(AsRef::as_ref).collect();
    serde_json::to_vec(&events)
}

/// Reads a message from the wire.
pub(super) fn decode(payload: &[u8]) -> serde_json::Result<Vec<BusMessage>> {
    if payload == GAP {
        return Ok(vec![BusMessage::Interrupted]);
    }
    let events: Vec<OrderEvent> = serde_json::from_slice(payload)?;
    Ok(events.into_iter().map(|event| BusMessage::Event(Arc::new(event))).collect())
}
