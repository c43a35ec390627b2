use std::time::Duration;

use super::Attempt;
use crate::{Order, OrderId};

/// Proof of a claim. Every write of an execution carries it, and a newer claim makes it void.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fence {
    pub order_id: OrderId,
    /// Which claim of it; grows by one with every claim, and by one when a claim ends otherwise than
    /// by running out.
    pub lease_epoch: u64,
}

/// A claimed order: the caller may execute it until the lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub fence: Fence,
    pub order: Order,
    /// The attempt whose outcome is not known. It must be resolved before anything else.
    pub unresolved: Option<Attempt>,
    /// How many claims in a row were lost before this one: their worker died, and they neither moved
    /// the attempt record nor were given back.
    pub lost_claims: u32,
}

/// An order that has lost this many claims in a row is *parked*: every further claim holds it twice as
/// long as the one before, so that an order that kills its workers costs them little.
pub const PARKED_AFTER: u32 = 5;
/// How often a parked order's lease is doubled at most.
pub const MAX_DOUBLINGS: u32 = 8;
/// The lease of a parked order grows no further than this.
pub const LONGEST_PARKING: Duration = Duration::from_hours(1);

impl Claim {
    /// Whether earlier claims of the order were lost so often that it counts as poison.
    pub fn is_parked(&self) -> bool {
        self.lost_claims >= PARKED_AFTER
    }

    /// How long a claim holds when it is asked for `lease` and this many claims were lost in a row, this
    /// one included.
    pub fn lease_of(lease: Duration, lost_claims: u32) -> Duration {
        let doublings = lost_claims.saturating_sub(PARKED_AFTER).min(MAX_DOUBLINGS);
        lease.saturating_mul(1 << doublings).min(LONGEST_PARKING).max(lease)
    }
}
