use std::{sync::Arc, time::Duration};

use axum::extract::ws::Utf8Bytes;
use domain::{
    Timestamp,
    ports::{FeedCursor, FeedEvent, Tokens},
};
use protocol::StreamMessage;
use serde_json::Value;

use crate::{
    problem::Problem,
    stream::event::{WireEvent, to_text},
};

/// An event of the feed on its way to clients.
#[derive(Debug)]
pub(crate) struct FeedMessage {
    /// The position after this event.
    pub(super) cursor: FeedCursor,
    pub(super) event: WireEvent,
}

impl FeedMessage {
    /// An event as the store gave it.
    pub(super) fn new(fed: FeedEvent, tokens: Arc<dyn Tokens>) -> Self {
        let FeedEvent { cursor, order_id, event, .. } = fed;
        Self { cursor, event: WireEvent::new(order_id, event, tokens).with_cursor(cursor) }
    }

    /// `{type:"event", …, cursor}`: the event as on an order's own stream, and where to resume.
    pub(super) fn message(&self) -> Utf8Bytes {
        self.event.message()
    }
}

/// `{type:"connected", cursor, heartbeatMs}`
pub(super) fn connected(cursor: FeedCursor, heartbeat: Duration) -> Utf8Bytes {
    let (cursor, heartbeat_ms) = (Some(cursor.to_string()), Some(millis(heartbeat)));
    to_text(&StreamMessage::Connected { order_id: None, cursor, heartbeat_ms })
}

/// `{type:"heartbeat", cursor, at, lagMs}`
pub(super) fn heartbeat(cursor: FeedCursor, at: Timestamp, lag: Duration) -> Utf8Bytes {
    to_text(&StreamMessage::Heartbeat { cursor: cursor.to_string(), at, lag_ms: millis(lag) })
}

/// `{type:"error", …, id?}`
pub(super) fn refusal(problem: &Problem, id: Option<&Value>) -> Utf8Bytes {
    to_text(&problem.message(id.cloned()))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
