//! What travels over the Redis channel: a JSON array of order events, or a marker that says some
//! events could not be published. This is the only place that knows.

use std::sync::Arc;

use domain::{OrderEvent, legacy, ports::BusMessage};

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
    let mut messages = Vec::with_capacity(events.len());
    let mut is_interrupted = false;
    for event in events {
        // An event of an earlier version cannot be read without its order, so followers read it from the store, which
        // they do for all of the message at once.
        if !legacy::is_event_data(&event.event.data) {
            messages.push(BusMessage::Event(Arc::new(event)));
        } else if !std::mem::replace(&mut is_interrupted, true) {
            messages.push(BusMessage::Interrupted);
        }
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages of commit 9fd9a10: an API of this version beside a worker of that one.
    #[test]
    fn messages_of_an_earlier_version_are_read_or_send_followers_to_the_store() {
        let mut kinds = Vec::new();
        for line in include_str!("../../tests/fixtures/9fd9a10/bus.txt").lines() {
            for message in decode(line.as_bytes()).unwrap() {
                kinds.push(match message {
                    BusMessage::Event(event) => event.event.data.kind_name(),
                    BusMessage::Interrupted => "interrupted",
                });
            }
        }
        // routed, building and confirmed have amounts without a token; the first two share a message
        let expected = ["accepted", "routing_started", "interrupted", "submitted", "interrupted"];
        assert_eq!(kinds, expected);
    }

    #[test]
    fn a_message_interrupts_once_however_many_of_its_events_cannot_be_read() {
        let lines = include_str!("../../tests/fixtures/9fd9a10/bus.txt").lines();
        let events: Vec<serde_json::Value> =
            lines.flat_map(|line| serde_json::from_str::<Vec<_>>(line).unwrap()).collect();
        let messages = decode(&serde_json::to_vec(&events).unwrap()).unwrap();
        let interruptions = messages.iter().filter(|message| **message == BusMessage::Interrupted).count();
        assert_eq!((events.len(), messages.len(), interruptions), (6, 4, 1));
    }
}
