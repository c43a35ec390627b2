use async_trait::async_trait;

use super::{ActiveOrders, StoreError};
use crate::AccountId;

/// How many orders have not ended.
#[async_trait]
pub trait OrderCounts: Send + Sync + 'static {
    /// How many orders of all accounts are in flight, counted up to `at_most`: the cost has
    /// a bound, however long the backlog is.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn in_flight(&self, at_most: u32) -> Result<u32, StoreError>;

    /// How many orders of an account rest, counted up to `at_most`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn resting(&self, account: AccountId, at_most: u32) -> Result<u32, StoreError>;

    /// How many orders of all accounts have not ended, by status, at most `at_most` in each phase. It has to look
    /// at every one of them, so it is for occasional use.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn active_by_status(&self, at_most: u32) -> Result<ActiveOrders, StoreError>;
}
