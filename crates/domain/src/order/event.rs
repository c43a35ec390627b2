//! The events of an order: what is stored, published and streamed.

use serde::{Deserialize, Serialize};

use super::{OrderSpec, OrderStatus, Origin};
use crate::{
    AccountId, Amount, Failure, Fill, OrderId, Signature, Timestamp, VenueId,
    routing::RoutingDecision,
    swap::{Instruction, SlippageBound},
};

/// One step in the life of an order. Sequence numbers are gapless per order and begin at 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Position in the order's history, from 1.
    pub seq: u32,
    /// The order's status after it.
    pub status: OrderStatus,
    /// The attempt it belongs to, counted from 1; 0 for the acceptance.
    pub attempt: u32,
    pub at: Timestamp,
    pub data: EventData,
}

impl Event {
    /// An acceptance with who placed the order.
    #[must_use]
    pub fn placed_by(mut self, placer: Option<Origin>) -> Self {
        if let EventData::Accepted { origin, .. } = &mut self.data {
            *origin = placer;
        }
        self
    }
}

/// What happened, with the data that explains it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, strum::EnumDiscriminants)]
#[strum_discriminants(
    name(EventKind),
    doc = "What happened, without its data: the column of the transition table.",
    derive(Hash, strum::IntoStaticStr, strum::VariantArray),
    strum(serialize_all = "snake_case")
)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum EventData {
    /// The order is durable.
    Accepted {
        order: OrderSpec,
        /// Unknown for orders of versions before 2026-12, and for those that did not come over HTTP.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        origin: Option<Origin>,
    },
    /// An attempt begins, or begins again after a crash before anything was sent.
    RoutingStarted,
    /// The best quote was chosen.
    Routed {
        /// All answers, the winner and the reason.
        decision: Box<RoutingDecision>,
    },
    /// The transaction is being built.
    Building {
        venue: VenueId,
        /// The worst acceptable result.
        bound: SlippageBound,
        instructions: Vec<Instruction>,
    },
    /// The attempt is on record; from here on the transaction may land.
    Submitted {
        venue: VenueId,
        signature: Signature,
        /// The block height after which it can no longer land.
        last_valid_block_height: u64,
    },
    /// It landed.
    Confirmed {
        fill: Fill,
        /// Whether it was found to have landed only after the order's `expiresAt`: it was submitted before,
        /// and from then on the chain decides.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        after_expiry: bool,
    },
    /// A venue, the chain or the signer cannot be reached. The attempt restarts later, and none is used up.
    Waiting { failure: Failure, until: Timestamp },
    /// The attempt failed and another one follows.
    Retrying { failure: Failure, next_attempt_at: Timestamp },
    /// It will not be tried again.
    Failed { failure: Failure },
    /// The owner canceled it.
    Canceled {
        /// When the owner asked for it.
        requested_at: Timestamp,
        /// Why the last attempt did not land, if there was one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        failure: Option<Failure>,
    },
    /// It reached its `expiresAt`.
    Expired {
        /// The order's `expiresAt`.
        expires_at: Timestamp,
        /// Why the last attempt did not land, if there was one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        failure: Option<Failure>,
    },
    /// An event of a later version: passed on unchanged, never written.
    #[serde(untagged)]
    Unknown(serde_json::Value),
}

impl EventData {
    /// The column of the transition table.
    pub fn kind(&self) -> EventKind {
        self.into()
    }

    /// What the chain charged for the transaction that the event tells the end of, lamports. An event that does not
    /// follow a submission may tell of an earlier one, whose fee has been counted.
    pub fn network_fee(&self) -> Option<Amount> {
        match self {
            Self::Confirmed { fill, .. } => fill.network_fee,
            Self::Retrying { failure, .. }
            | Self::Failed { failure }
            | Self::Canceled { failure: Some(failure), .. }
            | Self::Expired { failure: Some(failure), .. } => failure.network_fee,
            _ => None,
        }
    }

    /// The wire name of the kind.
    pub fn kind_name(&self) -> &'static str {
        self.kind().into()
    }
}

/// An event together with its order: what travels over the bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderEvent {
    pub order_id: OrderId,
    pub account: AccountId,
    /// The event.
    #[serde(flatten)]
    pub event: Event,
}
