mod acceptance;
mod attempt;
mod cancel;
mod claim;
mod commit;
mod listing;

use std::time::Duration;

use async_trait::async_trait;

pub use acceptance::{Acceptance, Accepted};
pub use attempt::{Attempt, AttemptChange, AttemptState};
pub use cancel::{Cancel, Cancellation};
pub use claim::{Claim, Fence, LONGEST_PARKING, MAX_DOUBLINGS, PARKED_AFTER};
pub use commit::{ClaimAction, Commit, CommitOutcome};
pub use listing::{ActiveOrders, DueAction, DueOrder, OrderFilter};

use crate::{
    AccountId, Event, Order, OrderId,
    ports::{FeedCursor, FeedPage, FeedScope},
};

/// Why a call of the store failed. What the caller may conclude differs, so it is a value, not a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The call never reached the database, or the database refused it: nothing was written.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// The connection was lost or missed its deadline after the call was sent: it may have been written.
    #[error("store did not answer: {0}")]
    Unknown(String),
    /// A stored row that this version cannot read. Repeating the call does not help; an upgrade does.
    #[error("stored data cannot be read: {0}")]
    Unreadable(String),
}

/// Keeps orders, events and attempts: the truth.
#[async_trait]
pub trait OrderStore: Send + Sync + 'static {
    /// Makes an order durable, once per id, idempotency key and client order id of its account. It is
    /// due after its grace. A store may write it twice before it answers, and then the answer may be
    /// [`Accepted::Replayed`] with the order's own id.
    ///
    /// # Errors
    /// [`StoreError`]: after `Unknown` the order may or may not exist; the same key or id tells. An
    /// acceptance whose future is dropped before it was sent to the database is never written.
    async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, StoreError>;

    /// Takes an order for execution: `None` when it is unknown, terminal, claimed by another, or
    /// waiting for its next attempt. A claim makes the order due again at the end of its lease, which is
    /// [`Claim::lease_of`] the lease that is asked for. It counts as lost until its holder changes the
    /// attempt record, ends it with a commit, or gives it back.
    ///
    /// # Errors
    /// [`StoreError`]: the claim may have been made; it then runs out.
    async fn claim(&self, id: OrderId, worker: &str, lease: Duration) -> Result<Option<Claim>, StoreError>;

    /// Extends a lease from now on. `false` when it is lost.
    ///
    /// # Errors
    /// [`StoreError`]: unknown whether it was extended.
    async fn renew(&self, fence: Fence, lease: Duration) -> Result<bool, StoreError>;

    /// Gives a claim back; the order is due again after `due_after`. Such a claim does not count as lost.
    /// Does nothing when the lease is lost.
    ///
    /// # Errors
    /// [`StoreError`]: the lease then runs out by itself.
    async fn release(&self, fence: Fence, due_after: Duration) -> Result<(), StoreError>;

    /// Lets a parked order go on at once: its lost claims are forgotten, and a claim that still holds it ends.
    /// Returns whether it was parked.
    ///
    /// # Errors
    /// [`StoreError`]: unknown whether it was done; doing it again is safe.
    async fn unpark(&self, account: AccountId, id: OrderId) -> Result<bool, StoreError>;

    /// How many claims of an open order were lost in a row before its last one. `None` for an order that is unknown or has
    /// ended.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn lost_claims(&self, account: AccountId, id: OrderId) -> Result<Option<u32>, StoreError>;

    /// Writes a transition if the fence and the sequence still hold.
    ///
    /// # Errors
    /// [`StoreError`]: unknown whether it was written; the execution must stop and let the next
    /// claim read the truth.
    async fn commit(&self, commit: Commit) -> Result<CommitOutcome, StoreError>;

    /// Puts the request to cancel an order on record, and claims the order for the caller if nobody executes it
    /// and no transaction of it may land. A parked order's claim does not stand in the way. From then on no
    /// commit that [leads to an attempt](Commit::leads_to_attempt) is taken. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]: the request may be on record, and the claim may have been made; it then runs out.
    async fn cancel(&self, cancel: Cancel) -> Result<Cancellation, StoreError>;

    /// Orders that are due, longest waiting first. Each is not due again before `redeliver_after`,
    /// and two callers at once get different ones.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn lease_due(&self, limit: u32, redeliver_after: Duration) -> Result<Vec<DueOrder>, StoreError>;

    /// One order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn order(&self, account: AccountId, id: OrderId) -> Result<Option<Order>, StoreError>;

    /// Orders, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn orders(&self, account: AccountId, filter: OrderFilter) -> Result<Vec<Order>, StoreError>;

    /// The events of an order after a sequence number, in order, at most `limit`. Empty also for
    /// an order that does not exist.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn events(
        &self,
        account: AccountId,
        id: OrderId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError>;

    /// The events of many orders of an account, after a cursor, at most `limit`. Whoever reads on from
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

    /// The place in the feed after everything that is certain now. No cursor that was given out before
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

    /// The last sequence numbers of orders, for the tail check of streams. Unknown ones are left
    /// out.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn last_seqs(&self, ids: &[OrderId]) -> Result<Vec<(OrderId, u32)>, StoreError>;

    /// The attempts of an order, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn attempts(&self, account: AccountId, id: OrderId) -> Result<Vec<Attempt>, StoreError>;

    /// How many orders of all accounts are in flight, counted no further than `at_most`: the price of asking has
    /// a bound, however long the backlog is.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn in_flight(&self, at_most: u32) -> Result<u32, StoreError>;

    /// How many orders of an account rest, counted no further than `at_most`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn resting(&self, account: AccountId, at_most: u32) -> Result<u32, StoreError>;

    /// How many orders of all accounts have not ended, by status, at most `at_most` in each phase. It has to look
    /// at every one of them: for people, now and then.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn active_by_status(&self, at_most: u32) -> Result<ActiveOrders, StoreError>;

    /// Whether orders can be written now, as far as recent writes or a probe tell. Bounded in time, and
    /// cheap to ask often.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Puts everything in order at a clean stop, after the last call.
    async fn close(&self) {}
}
