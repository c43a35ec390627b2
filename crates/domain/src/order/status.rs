//! The lifecycle.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderStatus {
    /// Accepted and durable; no worker has begun.
    Pending,
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
    /// One that only a later version knows. This one shows it and never writes it.
    #[serde(other)]
    Unknown,
}

/// What happened, without its data; the column of the transition table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The order is durable. It makes the order, so no status allows it.
    Accepted,
    /// An attempt begins, or begins again after a crash.
    RoutingStarted,
    /// The best quote was chosen.
    Routed,
    /// The transaction is being built.
    Building,
    /// The attempt is on record and is sent.
    Submitted,
    /// It landed.
    Confirmed,
    /// The attempt failed and another one follows.
    Retrying,
    /// The last attempt failed, or none can succeed.
    Failed,
    /// One that only a later version knows. No status allows it.
    Unknown,
}

/// The lifecycle does not allow the event in this status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} is not allowed while {status}")]
pub struct InvalidTransition {
    /// Where the order stands.
    pub status: OrderStatus,
    /// What was to happen.
    pub event: EventKind,
}

impl OrderStatus {
    /// Every status of this version, in the order of the lifecycle.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Routing, Self::Building, Self::Submitted, Self::Confirmed, Self::Failed];

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
            (Self::Routing,   E::Retrying)       => Self::Routing,
            (Self::Building,  E::Retrying)       => Self::Routing,
            (Self::Submitted, E::Retrying)       => Self::Routing,
            (Self::Routing,   E::Failed)         => Self::Failed,
            (Self::Building,  E::Failed)         => Self::Failed,
            (Self::Submitted, E::Failed)         => Self::Failed,
            _ => return Err(InvalidTransition { status: self, event }),
        })
    }

    /// The status with a name, which may be one of a later version.
    pub fn named(name: &str) -> Self {
        name.parse().unwrap_or(Self::Unknown)
    }

    /// Whether nothing can happen any more.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Confirmed | Self::Failed)
    }

    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Routing => "routing",
            Self::Building => "building",
            Self::Submitted => "submitted",
            Self::Confirmed => "confirmed",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown order status")]
pub struct UnknownStatus;

impl FromStr for OrderStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(UnknownStatus)
    }
}
