use async_trait::async_trait;

use crate::{Failure, Quote, QuoteRequest, Swap, VenueId, swap::Instruction};

/// Why a venue gave no quote or no swap. The failure's code says whether asking again may help.
pub type VenueError = Failure;

/// A decentralised exchange.
#[async_trait]
pub trait Venue: Send + Sync + 'static {
    /// Which venue this is.
    fn id(&self) -> VenueId;

    /// Display name.
    fn name(&self) -> &str {
        self.id().name()
    }

    /// What it would trade now, net of its fee. The caller sets the deadline.
    ///
    /// # Errors
    /// [`VenueError`] when it does not trade the pair or the size, or cannot answer.
    async fn quote(&self, request: &QuoteRequest) -> Result<Quote, VenueError>;

    /// The instructions of a swap, wrapping and unwrapping of SOL included.
    ///
    /// # Errors
    /// [`VenueError`] when it cannot build them.
    async fn build(&self, swap: &Swap) -> Result<Vec<Instruction>, VenueError>;
}
