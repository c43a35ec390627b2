use async_trait::async_trait;

use crate::OrderId;

/// The queue could not be reached; the sweeper delivers later.
#[derive(Debug, thiserror::Error)]
#[error("queue unavailable: {0}")]
pub struct QueueError(pub String);

/// Wakes workers up. An entry is a hint that somebody should look at an order: it may be lost,
/// repeated or reordered, and nothing breaks.
#[async_trait]
pub trait JobQueue: Send + Sync + 'static {
    /// Adds entries while there is room and returns how many were taken, from the front. What is
    /// outstanding is bounded: the database is the backlog, and the sweeper brings the rest.
    ///
    /// # Errors
    /// [`QueueError`] when the queue cannot be reached.
    async fn push(&self, orders: &[OrderId]) -> Result<usize, QueueError>;

    /// How many more entries fit now.
    ///
    /// # Errors
    /// [`QueueError`] when the queue cannot be reached.
    async fn room(&self) -> Result<usize, QueueError>;
}
