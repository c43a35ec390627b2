use crate::{Amount, OrderId, Signature, SignedTransaction, Timestamp, VenueId};

/// One attempt at an order, written ahead of sending it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub order_id: OrderId,
    /// Which attempt of it, counted from 1.
    pub number: u32,
    pub venue: VenueId,
    pub transaction: SignedTransaction,
    pub created_at: Timestamp,
    pub state: AttemptState,
    /// What the chain charged for it, lamports, also when it reverted. Unknown before it is resolved, and for
    /// attempts of versions before 2026-12.
    pub network_fee: Option<Amount>,
}

/// The state of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum AttemptState {
    /// Not known yet: it may have been sent and it may land.
    Unresolved,
    /// It landed.
    Landed,
    /// It landed and reverted.
    Reverted,
    /// It never landed and never will.
    Expired,
}

impl AttemptState {
    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A change of the attempt record that goes with a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptChange {
    /// Write an attempt ahead of sending it.
    Open(Attempt),
    /// Record how the order's unresolved attempt ended.
    Resolve {
        number: u32,
        signature: Signature,
        /// How it ended; never [`AttemptState::Unresolved`].
        state: AttemptState,
        /// What the chain charged for it, lamports, where the chain knows.
        network_fee: Option<Amount>,
    },
}
