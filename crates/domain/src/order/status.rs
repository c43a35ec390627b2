//! The lifecycle.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use super::EventKind;

/// The status of an order.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", parse_err_ty = UnknownStatus, parse_err_fn = unknown_status)]
pub enum OrderStatus {
    /// Accepted and durable; no worker has started it.
    Pending,
    /// Rests until its trigger fires.
    Open,
    /// Waits for another order to fill.
    Held,
    /// Venues are being asked, or will be at the next attempt.
    Routing,
    /// A venue is chosen and its transaction is being built.
    Building,
    /// A signed transaction is on record and may be on its way.
    Submitted,
    /// The swap landed. Terminal.
    Confirmed,
    /// It will not be tried again. Terminal.
    Failed,
    /// The owner canceled it and nothing landed. Terminal.
    Canceled,
    /// Its `expiresAt` passed and nothing landed. Terminal.
    Expired,
    /// A status of a later version. This version shows it and never writes it.
    #[serde(other)]
    Unknown,
}

/// What a status means for admission, sweeping and listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Phase {
    /// Waits for the market or another order and uses no worker.
    Resting,
    /// Accepted, and a worker has it or will have it soon.
    InFlight,
    /// It has ended.
    Terminal,
}

/// The lifecycle does not allow the event in this status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} is not allowed while {status}")]
pub struct InvalidTransition {
    pub status: OrderStatus,
    pub event: EventKind,
}

impl OrderStatus {
    /// Every status of this version, in the order of the lifecycle.
    pub const ALL: [Self; Self::VARIANTS.len() - 1] =
        *Self::VARIANTS.first_chunk().expect("all but the last, `Unknown`");

    /// The transition table: the status after an event.
    ///
    /// # Errors
    /// [`InvalidTransition`] for every pair that is not in the table.
    #[rustfmt::skip]
    pub fn after(self, event: EventKind) -> Result<Self, InvalidTransition> {
        use EventKind as E;
        Ok(match (self, event) {
            (Self::Pending,   E::RoutingStarted) => Self::Routing,
            (Self::Routing,   E::RoutingStarted) => Self::Routing,   // the next attempt, or a crash while routing
            (Self::Routing,   E::Routed)         => Self::Routing,
            (Self::Routing,   E::Building)       => Self::Building,
            (Self::Building,  E::RoutingStarted) => Self::Routing,   // a crash before anything was on record
            (Self::Building,  E::Submitted)      => Self::Submitted,
            (Self::Submitted, E::Confirmed)      => Self::Confirmed,
            (Self::Routing,   E::Waiting)        => Self::Routing,
            (Self::Building,  E::Waiting)        => Self::Routing,
            (Self::Routing,   E::Retrying)       => Self::Routing,
            (Self::Building,  E::Retrying)       => Self::Routing,
            (Self::Submitted, E::Retrying)       => Self::Routing,
            (Self::Routing,   E::Failed)         => Self::Failed,
            (Self::Building,  E::Failed)         => Self::Failed,
            (Self::Submitted, E::Failed)         => Self::Failed,
            // while submitted: once the chain has ruled out that the transaction lands
            (Self::Pending | Self::Open | Self::Held | Self::Routing | Self::Building | Self::Submitted, E::Canceled) => Self::Canceled,
            (Self::Pending | Self::Open | Self::Held | Self::Routing | Self::Building | Self::Submitted, E::Expired)  => Self::Expired,
            _ => return Err(InvalidTransition { status: self, event }),
        })
    }

    /// The status with this name, which may be one of a later version.
    pub fn named(name: &str) -> Self {
        name.parse().unwrap_or(Self::Unknown)
    }

    /// What it means for admission, sweeping and listings. A status of a later version counts as in
    /// flight, so that its order is never forgotten.
    pub fn phase(self) -> Phase {
        match self {
            Self::Open | Self::Held => Phase::Resting,
            Self::Confirmed | Self::Failed | Self::Canceled | Self::Expired => Phase::Terminal,
            Self::Pending | Self::Routing | Self::Building | Self::Submitted | Self::Unknown => {
                Phase::InFlight
            }
        }
    }

    /// Whether the order has ended.
    pub fn is_terminal(self) -> bool {
        self.phase() == Phase::Terminal
    }

    /// The wire name.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text is not an order status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown order status")]
pub struct UnknownStatus;

fn unknown_status(_: &str) -> UnknownStatus {
    UnknownStatus
}
