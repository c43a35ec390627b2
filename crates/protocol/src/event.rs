use std::borrow::Cow;

use domain::{Event, EventData, OrderId, OrderStatus, Origin, Signature, Timestamp, VenueId, ports::Tokens};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    order::{FailureView, FillView, SpecView},
    quote::{BoundView, DecisionView, InstructionView},
};
use crate::words;

/// An event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Event)]
pub struct EventBody<'a> {
    #[schema(value_type = Uuid)]
    pub order_id: OrderId,
    pub seq: u32,
    #[schema(value_type = words::OrderStatus)]
    pub status: OrderStatus,
    pub attempt: u32,
    #[schema(value_type = words::Timestamp)]
    pub at: Timestamp,
    #[schema(value_type = EventDataView<'static>)]
    pub data: DataView<'a>,
}

impl<'a> EventBody<'a> {
    /// Shows an event of an order.
    pub fn new(order_id: OrderId, event: &'a Event, tokens: &dyn Tokens) -> Self {
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

/// Who placed an order, as far as its request says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Origin)]
pub struct OriginView<'a> {
    /// The `X-Request-Id` of the request, which the log has too.
    pub request_id: Cow<'a, str>,
    /// The client's `User-Agent`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client: Option<Cow<'a, str>>,
}

impl<'a> OriginView<'a> {
    pub(crate) fn new(origin: &'a Origin) -> Self {
        Self {
            request_id: Cow::Borrowed(&origin.request_id),
            client: origin.client.as_deref().map(Cow::Borrowed),
        }
    }
}

/// What happened, as far as this version knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "serialised as soon as it is made")]
pub enum DataView<'a> {
    Known(EventDataView<'a>),
    /// Of a later version, as it is stored.
    Unknown(Cow<'a, serde_json::Value>),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = EventData)]
pub enum EventDataView<'a> {
    Accepted {
        order: SpecView<'a>,
        /// Who placed it, if it came over HTTP.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        origin: Option<OriginView<'a>>,
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
        signature: Cow<'a, Signature>,
        last_valid_block_height: u64,
    },
    #[serde(rename_all = "camelCase")]
    Confirmed {
        #[serde(flatten)]
        fill: FillView<'a>,
        /// `true` if the order had expired when the engine found that its transaction had landed.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        #[schema(required = false)]
        after_expiry: bool,
    },
    /// A venue, the chain or the signer is unreachable. This uses up no attempt.
    Waiting {
        failure: FailureView<'a>,
        /// Time of the next try.
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
        /// Why the last attempt, if any, did not land.
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<FailureView<'a>>,
    },
    #[serde(rename_all = "camelCase")]
    Expired {
        #[schema(value_type = words::Timestamp)]
        expires_at: Timestamp,
        /// Why the last attempt, if any, did not land.
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<FailureView<'a>>,
    },
}

impl<'a> DataView<'a> {
    fn new(data: &'a EventData, tokens: &dyn Tokens) -> Self {
        use EventDataView as View;
        Self::Known(match data {
            EventData::Unknown(raw) => return Self::Unknown(Cow::Borrowed(raw)),
            EventData::Accepted { order, origin } => View::Accepted {
                order: SpecView::new(order, tokens),
                origin: origin.as_ref().map(OriginView::new),
            },
            EventData::RoutingStarted => View::RoutingStarted,
            EventData::Routed { decision } => View::Routed(DecisionView::new(decision, tokens)),
            EventData::Building { venue, bound, instructions } => View::Building {
                venue: *venue,
                bound: BoundView::new(*bound),
                instructions: instructions.iter().map(|step| InstructionView::new(*step, tokens)).collect(),
            },
            EventData::Submitted { venue, signature, last_valid_block_height } => View::Submitted {
                venue: *venue,
                signature: Cow::Borrowed(signature),
                last_valid_block_height: *last_valid_block_height,
            },
            EventData::Confirmed { fill, after_expiry } => {
                View::Confirmed { fill: FillView::new(fill, tokens), after_expiry: *after_expiry }
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
