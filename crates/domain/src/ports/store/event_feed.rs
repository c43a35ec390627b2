use async_trait::async_trait;

use super::StoreError;
use crate::{
    AccountId,
    ports::{FeedCursor, FeedPage, FeedScope},
};

/// The events of many orders in one sequence.
#[async_trait]
pub trait EventFeed: Send + Sync + 'static {
    /// The events of many orders of an account, after a cursor, at most `limit`. A reader that goes on from
    /// [`FeedPage::next`] sees every event once, those of one order in their order, whatever is written
    /// meanwhile and by whom. An event may appear a moment after its commit, but never behind a cursor
    /// that was given out.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn feed(
        &self,
        account: AccountId,
        scope: &FeedScope,
        after: FeedCursor,
        limit: u32,
    ) -> Result<FeedPage, StoreError>;

    /// The position after everything that is certain now. No cursor that was given out before
    /// is beyond it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn feed_end(&self) -> Result<FeedCursor, StoreError>;

    /// Whether a cursor can be read on from: it is the start, or the event before it is there, at the
    /// place where it was read. A database that was replaced, restored or failed over with losses does not
    /// have it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn feed_has(&self, cursor: FeedCursor) -> Result<bool, StoreError>;

    /// The position of the oldest committed event that the feed does not show yet, because a transaction
    /// that began before it is still open. `None` when the feed shows every committed event.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn feed_held_at(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }
}
