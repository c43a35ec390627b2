use async_trait::async_trait;

use super::{Acceptance, Accepted, Cancel, Cancellation, RequestKeys, StoreError};
use crate::{AccountId, OrderId};

/// Requests of an order's owner: to place it, to cancel it, to resume it.
#[async_trait]
pub trait OrderIntake: Send + Sync + 'static {
    /// Makes an order durable, once per id, idempotency key and client order id of its account. It is
    /// due after its grace.
    ///
    /// # Errors
    /// [`StoreError`]: after `Unknown` the order may or may not exist; repeat it with the same key or id to find out. An
    /// acceptance whose future is dropped before it was sent to the database is never written.
    async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, StoreError>;

    /// What [`accept`](Self::accept) would answer to a request whose idempotency key or client order id an order has;
    /// `None` if no order has them.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn repeated(&self, asked: RequestKeys<'_>) -> Result<Option<Accepted>, StoreError>;

    /// Records the request to cancel an order, and claims the order for the caller if no worker executes it
    /// and no transaction of it may land. A parked order's claim does not stand in the way. From then on no
    /// commit that [leads to an attempt](Commit::leads_to_attempt) is taken. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]: the request may be on record, and the claim may have been made; it then runs out.
    async fn cancel(&self, cancel: Cancel) -> Result<Cancellation, StoreError>;

    /// Resumes a parked order at once: its lost claims are forgotten, and a claim that still holds it ends.
    /// Returns whether it was parked.
    ///
    /// # Errors
    /// [`StoreError`]: unknown whether it was done; doing it again is safe.
    async fn unpark(&self, account: AccountId, id: OrderId) -> Result<bool, StoreError>;
}
