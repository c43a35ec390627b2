use async_trait::async_trait;

use crate::{Address, Failure, FailureCode, ProgramError, Quote, QuoteRequest, Swap, VenueId, swap::Plan};

/// Why a venue gave no quote or no plan. The failure's code says whether asking again may help.
pub type VenueError = Failure;

/// A decentralised exchange.
#[async_trait]
pub trait Venue: Send + Sync + 'static {
    /// Which venue this is.
    fn id(&self) -> VenueId;

    /// Display name.
    fn name(&self) -> &str {
        self.id().as_str()
    }

    /// What its pools would trade now, net of their fees; at least one quote. The caller sets the deadline.
    ///
    /// # Errors
    /// [`VenueError`] when it does not trade the pair or the size, or cannot answer.
    async fn quotes(&self, request: &QuoteRequest) -> Result<Vec<Quote>, VenueError>;

    /// The calls of a swap in the pool that was quoted, wrapping and unwrapping of SOL included, for the accounts of
    /// `owner`. They are what is signed.
    ///
    /// # Errors
    /// [`VenueError`] when it cannot build them.
    async fn build(&self, swap: &Swap, owner: Address) -> Result<Plan, VenueError>;

    /// The failure code for an error that a program returned to a swap of this venue.
    fn explain(&self, error: &ProgramError) -> FailureCode;
}
