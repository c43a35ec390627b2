use async_trait::async_trait;

use super::{Attempt, OrderFilter, OrderPage, StoreError};
use crate::{AccountId, Event, Order, OrderId};

/// Orders with their events and attempts.
#[async_trait]
pub trait OrderReads: Send + Sync + 'static {
    /// One order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn order(&self, account: AccountId, id: OrderId) -> Result<Option<Order>, StoreError>;

    /// A page of orders.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn orders(&self, account: AccountId, filter: OrderFilter) -> Result<OrderPage, StoreError>;

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

    /// The attempts of an order, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn attempts(&self, account: AccountId, id: OrderId) -> Result<Vec<Attempt>, StoreError>;

    /// How many claims of an active order were lost in a row before its last one. `None` for an order that is unknown or has
    /// ended.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn lost_claims(&self, account: AccountId, id: OrderId) -> Result<Option<u32>, StoreError>;

    /// The last sequence numbers of orders, for the tail check of streams. Unknown ones are left
    /// out.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn last_seqs(&self, ids: &[OrderId]) -> Result<Vec<(OrderId, u32)>, StoreError>;
}
