use std::sync::Arc;

use crate::Amount;

use super::{Chain, Signer, Tokens, Venue};

/// What orders trade on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Market {
    /// A simulated one: no money moves.
    Paper {
        /// The named conditions that its settings start from.
        preset: String,
        /// The seed of its prices.
        seed: u64,
    },
}

/// The sources of quotes: all that a process needs that executes nothing.
#[derive(Clone)]
pub struct Quotes {
    pub market: Market,
    pub venues: Vec<Arc<dyn Venue>>,
    pub tokens: Arc<dyn Tokens>,
    /// What the chain charges for an attempt at most, lamports.
    pub attempt_cost: Amount,
}

/// What orders are executed with. Only workers have it, for it includes the key.
pub struct Trading {
    pub quotes: Quotes,
    pub chain: Arc<dyn Chain>,
    /// The key of the wallet that trades.
    pub signer: Arc<dyn Signer>,
}
