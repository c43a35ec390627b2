use axum::extract::ws::Utf8Bytes;
use domain::OrderId;
use protocol::StreamMessage;

use crate::{
    problem::Problem,
    stream::event::{WireEvent, to_text},
};

/// How a stream words its messages.
pub(crate) trait Dialect: Send + Sync {
    /// An event happened.
    fn event(&self, event: &WireEvent) -> Utf8Bytes;

    /// Something was refused.
    fn problem(&self, problem: &Problem) -> Utf8Bytes;

    /// There will be no more events, if the dialect says so.
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
