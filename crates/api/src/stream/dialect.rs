use axum::extract::ws::Utf8Bytes;
use domain::OrderId;
use protocol::StreamMessage;

use crate::{
    problem::Problem,
    stream::event::{WireEvent, to_text},
};

/// The message format of a stream.
pub(crate) trait Dialect: Send + Sync {
    /// The message of an event.
    fn event(&self, event: &WireEvent) -> Utf8Bytes;

    /// The message of a refused request.
    fn problem(&self, problem: &Problem) -> Utf8Bytes;

    /// The message after the last event, if the dialect has one.
    fn end(&self, order_id: OrderId) -> Option<Utf8Bytes>;
}

/// `{type:"connected"}`, `{type:"event"}`, `{type:"error"}`, `{type:"end"}`.
pub(crate) struct Canonical;

impl Canonical {
    /// The first message; names the order if one is followed already.
    pub(crate) fn connected(order_id: Option<OrderId>) -> Utf8Bytes {
        to_text(&StreamMessage::Connected { order_id, cursor: None, heartbeat_ms: None })
    }
}

impl Dialect for Canonical {
    fn event(&self, event: &WireEvent) -> Utf8Bytes {
        event.message()
    }

    fn problem(&self, problem: &Problem) -> Utf8Bytes {
        to_text(&problem.message(None))
    }

    fn end(&self, order_id: OrderId) -> Option<Utf8Bytes> {
        Some(to_text(&StreamMessage::End { order_id }))
    }
}
