//! Events on their way to their followers.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use axum::extract::ws::Utf8Bytes;
use domain::{
    Event, OrderId,
    ports::{FeedCursor, Tokens},
};
use protocol::{EventBody, StreamMessage};
use serde::Serialize;

/// An event on its way to its followers. Its canonical message is serialised once for all of them.
pub(crate) struct WireEvent {
    pub(crate) order_id: OrderId,
    pub(crate) event: Event,
    /// The position after it, on streams of many orders.
    cursor: Option<FeedCursor>,
    /// Names its tokens.
    tokens: Arc<dyn Tokens>,
    message: OnceLock<Utf8Bytes>,
}

impl fmt::Debug for WireEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireEvent")
            .field("order_id", &self.order_id)
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}

impl WireEvent {
    /// An event for the stream of its order.
    pub(crate) fn new(order_id: OrderId, event: Event, tokens: Arc<dyn Tokens>) -> Self {
        Self { order_id, event, cursor: None, tokens, message: OnceLock::new() }
    }

    /// The same event for a stream of many orders, which is resumed at a cursor.
    pub(crate) fn with_cursor(self, cursor: FeedCursor) -> Self {
        Self { cursor: Some(cursor), ..self }
    }

    /// The event as it is listed.
    pub(crate) fn body(&self) -> EventBody<'_> {
        EventBody::new(self.order_id, &self.event, self.tokens.as_ref())
    }

    /// The `{type:"event", …, cursor?}` message.
    pub(crate) fn message(&self) -> Utf8Bytes {
        let message = || {
            let cursor = self.cursor.map(|cursor| cursor.to_string());
            to_text(&StreamMessage::Event { body: self.body(), cursor })
        };
        self.message.get_or_init(message).clone()
    }
}

/// Serialises a message.
pub(crate) fn to_text(message: &impl Serialize) -> Utf8Bytes {
    // what is serialised here has string keys and no fallible parts
    serde_json::to_string(message).unwrap_or_default().into()
}
