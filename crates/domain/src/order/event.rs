//! The events of an order: what is stored, published and streamed.

use serde::{Deserialize, Serialize};

use super::{OrderSpec, OrderStatus};
use crate::{
    AccountId, Failure, Fill, OrderId, Signature, Timestamp, VenueId,
    routing::RoutingDecision,
    swap::{Instruction, SlippageBound},
};

/// One step in the life of an order. Sequence numbers are gapless per order and begin at 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Position in the order's history, from 1.
    pub seq: u32,
    /// Where the order stands after it.
    pub status: OrderStatus,
    /// The attempt it belongs to, counted from 1; 0 for the acceptance.
    pub attempt: u32,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub data: EventData,
}

/// What happened, with all that explains it afterwards.
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
        /// What was asked.
        order: OrderSpec,
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
        /// The chosen venue.
        venue: VenueId,
        /// The worst acceptable result.
        bound: SlippageBound,
        /// The steps of the transaction.
        instructions: Vec<Instruction>,
    },
    /// The attempt is on record; from here on the transaction may land.
    Submitted {
        /// The chosen venue.
        venue: VenueId,
        /// Identifies the transaction on chain.
        signature: Signature,
        /// The block height after which it can no longer land.
        last_valid_block_height: u64,
    },
    /// It landed.
    Confirmed {
        /// How it traded.
        fill: Fill,
        /// Whether it was found to have landed only after the order's `expiresAt`: it was submitted before,
        /// and from then on the chain decides.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        after_expiry: bool,
    },
    /// Something outside cannot be reached. The attempt begins again later, and none is used up.
    Waiting {
        /// What cannot be reached.
        failure: Failure,
        /// When it is tried again.
        until: Timestamp,
    },
    /// The attempt failed and another one follows.
    Retrying {
        /// Why it failed.
        failure: Failure,
        /// When the next attempt begins.
        next_attempt_at: Timestamp,
    },
    /// It will not be tried again.
    Failed {
        /// Why the last attempt failed.
        failure: Failure,
    },
    /// The owner canceled it.
    Canceled {
        /// When the owner asked for it.
        requested_at: Timestamp,
        /// Why the last attempt did not land, if there was one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        failure: Option<Failure>,
    },
    /// Its time ran out.
    Expired {
        /// The order's `expiresAt`.
        expires_at: Timestamp,
        /// Why the last attempt did not land, if there was one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        failure: Option<Failure>,
    },
    /// Something that only a later version knows: passed on as it is, never written.
    #[serde(untagged)]
    Unknown(serde_json::Value),
}

impl EventData {
    /// The column of the transition table.
    pub fn kind(&self) -> EventKind {
        self.into()
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
    /// Whose event.
    pub order_id: OrderId,
    /// Who may see it.
    pub account: AccountId,
    /// The event.
    #[serde(flatten)]
    pub event: Event,
}
