use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use axum::extract::ws::Utf8Bytes;
use domain::{Event, EventData, OrderId, OrderStatus, Signature, Timestamp, VenueId, ports::Tokens};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    order::{FailureView, FillView, SpecView},
    quote::{BoundView, DecisionView, InstructionView},
};
use crate::openapi::words;

/// An event on its way to its followers. Its canonical message is serialised once for all of them.
pub(crate) struct WireEvent {
    /// Whose event.
    pub(crate) order_id: OrderId,
    /// The event.
    pub(crate) event: Event,
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
    /// An event of an order.
    pub(crate) fn new(order_id: OrderId, event: Event, tokens: Arc<dyn Tokens>) -> Self {
        Self { order_id, event, tokens, message: OnceLock::new() }
    }

    /// The event as it is listed.
    pub(crate) fn body(&self) -> EventBody<'_> {
        EventBody::new(self.order_id, &self.event, self.tokens.as_ref())
    }

    /// The `{type:"event"}` message.
    pub(crate) fn message(&self) -> Utf8Bytes {
        #[derive(Serialize)]
        struct Message<'a> {
            #[serde(rename = "type")]
            kind: &'static str,
            #[serde(flatten)]
            body: EventBody<'a>,
        }
        self.message.get_or_init(|| to_text(&Message { kind: "event", body: self.body() })).clone()
    }
}

/// Serialises a message.
pub(crate) fn to_text(message: &impl Serialize) -> Utf8Bytes {
    // what is serialised here has string keys and no fallible parts
    serde_json::to_string(message).unwrap_or_default().into()
}

/// An event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Event)]
pub(crate) struct EventBody<'a> {
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    seq: u32,
    #[schema(value_type = words::OrderStatus)]
    status: OrderStatus,
    attempt: u32,
    #[schema(value_type = words::Timestamp)]
    at: Timestamp,
    #[schema(value_type = EventDataView<'static>)]
    pub(crate) data: DataView<'a>,
}

impl<'a> EventBody<'a> {
    /// Shows an event of an order.
    pub(crate) fn new(order_id: OrderId, event: &'a Event, tokens: &dyn Tokens) -> Self {
        Self {
            order_id,
            seq: event.seq,
            status: event.status,
            attempt: event.attempt,
            at: event.at,
            data: DataView::new(&event.data, tokens),
        }
    }
}

/// What happened, as far as this version knows.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "serialised as soon as it is made")]
pub(crate) enum DataView<'a> {
    Known(EventDataView<'a>),
    /// Of a later version, as it is stored.
    Unknown(&'a serde_json::Value),
}

/// What happened.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = EventData)]
pub(crate) enum EventDataView<'a> {
    Accepted {
        order: SpecView<'a>,
    },
    RoutingStarted,
    Routed(DecisionView<'a>),
    Building {
        #[schema(value_type = words::Venue)]
        venue: VenueId,
        #[serde(flatten)]
        bound: BoundView,
        instructions: Vec<InstructionView>,
    },
    #[serde(rename_all = "camelCase")]
    Submitted {
        #[schema(value_type = words::Venue)]
        venue: VenueId,
        #[schema(value_type = words::Signature)]
        signature: &'a Signature,
        last_valid_block_height: u64,
    },
    #[serde(rename_all = "camelCase")]
    Confirmed {
        #[serde(flatten)]
        fill: FillView<'a>,
        /// `true` if it was found to have landed only after `expiresAt`.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        #[schema(required = false)]
        after_expiry: bool,
    },
    /// Something outside cannot be reached; no attempt is used up.
    Waiting {
        failure: FailureView<'a>,
        /// When it is tried again.
        #[schema(value_type = words::Timestamp)]
        until: Timestamp,
    },
    #[serde(rename_all = "camelCase")]
    Retrying {
        failure: FailureView<'a>,
        #[schema(value_type = words::Timestamp)]
        next_attempt_at: Timestamp,
    },
    Failed {
        failure: FailureView<'a>,
    },
    #[serde(rename_all = "camelCase")]
    Canceled {
        #[schema(value_type = words::Timestamp)]
        requested_at: Timestamp,
        /// Why the last attempt did not land, if there was one.
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<FailureView<'a>>,
    },
    #[serde(rename_all = "camelCase")]
    Expired {
        #[schema(value_type = words::Timestamp)]
        expires_at: Timestamp,
        /// Why the last attempt did not land, if there was one.
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<FailureView<'a>>,
    },
}

impl<'a> DataView<'a> {
    fn new(data: &'a EventData, tokens: &dyn Tokens) -> Self {
        use EventDataView as View;
        Self::Known(match data {
            EventData::Unknown(raw) => return Self::Unknown(raw),
            EventData::Accepted { order } => View::Accepted { order: SpecView::new(order, tokens) },
            EventData::RoutingStarted => View::RoutingStarted,
            EventData::Routed { decision } => View::Routed(DecisionView::new(decision, tokens)),
            EventData::Building { venue, bound, instructions } => View::Building {
                venue: *venue,
                bound: BoundView::new(*bound),
                instructions: instructions.iter().map(|step| InstructionView::new(*step, tokens)).collect(),
            },
            EventData::Submitted { venue, signature, last_valid_block_height } => View::Submitted {
                venue: *venue,
                signature,
                last_valid_block_height: *last_valid_block_height,
            },
            EventData::Confirmed { fill, after_expiry } => {
                View::Confirmed { fill: FillView::new(fill), after_expiry: *after_expiry }
            }
            EventData::Waiting { failure, until } => {
                View::Waiting { failure: FailureView::new(failure), until: *until }
            }
            EventData::Retrying { failure, next_attempt_at } => {
                View::Retrying { failure: FailureView::new(failure), next_attempt_at: *next_attempt_at }
            }
            EventData::Failed { failure } => View::Failed { failure: FailureView::new(failure) },
            EventData::Canceled { requested_at, failure } => View::Canceled {
                requested_at: *requested_at,
                failure: failure.as_ref().map(FailureView::new),
            },
            EventData::Expired { expires_at, failure } => {
                View::Expired { expires_at: *expires_at, failure: failure.as_ref().map(FailureView::new) }
            }
        })
    }
}
