use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::extract::ws::Utf8Bytes;
use domain::{
    OrderId, Timestamp,
    ports::{FeedCursor, FeedEvent, Tokens},
};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{
    problem::{Problem, ProblemBody},
    wire::{EventBody, WireEvent, to_text},
};

/// An event of the feed on its way to clients. Its message is serialised once for all of them.
#[derive(Debug)]
pub(crate) struct FeedMessage {
    /// Behind this event.
    pub(super) cursor: FeedCursor,
    /// The event.
    pub(super) event: WireEvent,
    message: OnceLock<Utf8Bytes>,
}

impl FeedMessage {
    /// An event as the store gave it.
    pub(super) fn new(fed: FeedEvent, tokens: Arc<dyn Tokens>) -> Self {
        let FeedEvent { cursor, order_id, event, .. } = fed;
        Self { cursor, event: WireEvent::new(order_id, event, tokens), message: OnceLock::new() }
    }

    /// `{type:"event", …, cursor}`: the event as on an order's own stream, and where to resume.
    pub(super) fn message(&self) -> Utf8Bytes {
        #[derive(Serialize)]
        struct Message<'a> {
            #[serde(rename = "type")]
            kind: &'static str,
            #[serde(flatten)]
            body: EventBody<'a>,
            cursor: CursorText,
        }
        let message = || {
            let cursor = CursorText(self.cursor);
            to_text(&Message { kind: "event", body: self.event.body(), cursor })
        };
        self.message.get_or_init(message).clone()
    }
}

/// A cursor as clients see it.
pub(super) struct CursorText(pub(super) FeedCursor);

impl Serialize for CursorText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Which orders a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Orders {
    /// `"*"`: all of the account.
    All,
    /// These.
    Named(Vec<OrderId>),
}

impl Serialize for Orders {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("*"),
            Self::Named(ids) => ids.serialize(serializer),
        }
    }
}

/// `{type:"connected", cursor, heartbeatMs}`
pub(super) fn connected(cursor: FeedCursor, heartbeat_ms: u128) -> Utf8Bytes {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Message {
        #[serde(rename = "type")]
        kind: &'static str,
        cursor: CursorText,
        heartbeat_ms: u128,
    }
    to_text(&Message { kind: "connected", cursor: CursorText(cursor), heartbeat_ms })
}

/// `{type:"heartbeat", cursor, at, lagMs}`
pub(super) fn heartbeat(cursor: FeedCursor, at: Timestamp, lag: Duration) -> Utf8Bytes {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Message {
        #[serde(rename = "type")]
        kind: &'static str,
        cursor: CursorText,
        at: Timestamp,
        lag_ms: u128,
    }
    to_text(&Message { kind: "heartbeat", cursor: CursorText(cursor), at, lag_ms: lag.as_millis() })
}

/// `{type:"subscribed"|"unsubscribed", orders, id?}`
pub(super) fn answer(kind: &'static str, orders: &Orders, id: Option<&Value>) -> Utf8Bytes {
    #[derive(Serialize)]
    struct Message<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        orders: &'a Orders,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a Value>,
    }
    to_text(&Message { kind, orders, id })
}

/// `{type:"error", …, id?}`
pub(super) fn refusal(problem: &Problem, id: Option<&Value>) -> Utf8Bytes {
    #[derive(Serialize)]
    struct Message<'a> {
        #[serde(flatten)]
        problem: ProblemBody<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a Value>,
    }
    to_text(&Message { problem: problem.message(), id })
}
