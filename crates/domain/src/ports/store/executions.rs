use std::time::Duration;

use async_trait::async_trait;

use super::{Claim, Commit, CommitOutcome, DueOrder, Fence, StoreError};
use crate::OrderId;

/// Claims of orders, and the transitions of their executions. One execution at a time holds an order,
/// whatever its worker believes.
#[async_trait]
pub trait Executions: Send + Sync + 'static {
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

    /// Gives a claim back; the order is due again after `due_after`. One in flight cannot be claimed before; one
    /// that rests can be, since its trigger may fire at any time. Such a claim does not count as lost. Does nothing
    /// when the lease is lost.
    ///
    /// # Errors
    /// [`StoreError`]: the lease then runs out by itself.
    async fn release(&self, fence: Fence, due_after: Duration) -> Result<(), StoreError>;

    /// Writes a transition if the fence and the sequence still hold.
    ///
    /// # Errors
    /// [`StoreError`]: unknown whether it was written; the execution must stop and let the next
    /// claim read the truth.
    async fn commit(&self, commit: Commit) -> Result<CommitOutcome, StoreError>;

    /// Orders that are due, longest waiting first. Each is not due again before `redeliver_after`,
    /// and two callers at once get different ones.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn lease_due(&self, limit: u32, redeliver_after: Duration) -> Result<Vec<DueOrder>, StoreError>;
}
