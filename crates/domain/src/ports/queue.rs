use async_trait::async_trait;

use crate::{OrderId, ports::Cause};

/// The queue could not be reached; the sweeper delivers later.
#[derive(Debug, Clone, thiserror::Error)]
#[error("queue unavailable: {0}")]
pub struct QueueError(pub Cause);

/// What waits in the queue and who takes from it, as far as the queue knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueState {
    /// Entries that wait.
    pub waiting: usize,
    /// Entries that may wait.
    pub capacity: usize,
    /// Workers that take entries. One that died counts until it has been silent for some seconds.
    pub workers: usize,
}

impl QueueState {
    /// How many more entries fit.
    pub fn room(&self) -> usize {
        self.capacity.saturating_sub(self.waiting)
    }
}

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

    /// How the queue is now.
    ///
    /// # Errors
    /// [`QueueError`] when the queue cannot be reached.
    async fn state(&self) -> Result<QueueState, QueueError>;
}
