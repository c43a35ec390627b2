use std::sync::Arc;

use crate::{Amount, QuoteRequest, order::MOST_ATTEMPTS};

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
    pub costs: ChainCosts,
}

/// What the chain takes, lamports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainCosts {
    /// For an attempt, at most.
    pub attempt: Amount,
    /// For a token account, until it is closed.
    pub account: Amount,
}

impl ChainCosts {
    /// The most that the attempts of an order may cost together, lamports.
    pub fn of_all_attempts(self) -> Amount {
        Amount(self.attempt.0.saturating_mul(MOST_ATTEMPTS.into()))
    }

    /// The most that a swap may deposit at once for token accounts, lamports.
    pub fn rent(self, request: &QuoteRequest) -> Amount {
        Amount(self.account.0.saturating_mul(request.accounts()))
    }
}

/// What orders are executed with. Only workers have it, for it includes the key.
pub struct Trading {
    pub quotes: Quotes,
    pub chain: Arc<dyn Chain>,
    /// The key of the wallet that trades.
    pub signer: Arc<dyn Signer>,
}
