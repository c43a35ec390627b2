use std::sync::Arc;

use super::{Chain, Signer, Tokens, Venue};

/// The sources of quotes: all that a process needs that executes nothing.
pub struct Quotes {
    pub venues: Vec<Arc<dyn Venue>>,
    pub tokens: Arc<dyn Tokens>,
}

/// What orders are executed with. Only workers have it, for it includes the key.
pub struct Trading {
    pub quotes: Quotes,
    pub chain: Arc<dyn Chain>,
    /// The key of the wallet that trades.
    pub signer: Arc<dyn Signer>,
}
