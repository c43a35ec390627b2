use std::{error::Error, fmt, sync::Arc};

use async_trait::async_trait;
use futures::future::BoxFuture;

use crate::{OrderId, ports::Cause};

/// The queue could not be reached; the sweeper delivers later.
#[derive(Debug, Clone)]
pub struct QueueError(pub Cause);

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "queue unavailable: {}", self.0)
    }
}

impl Error for QueueError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// The length of the queue and the number of its workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueState {
    pub waiting: usize,
    /// Maximum queue length.
    pub capacity: usize,
    /// Workers that take entries. A dead one counts until it has been silent for some seconds.
    pub workers: usize,
}

impl QueueState {
    /// How many more entries fit.
    pub fn room(&self) -> usize {
        self.capacity.saturating_sub(self.waiting)
    }
}

/// Wakes workers up. An entry is a hint that an order is due: it may be lost,
/// repeated or reordered, and nothing breaks.
#[async_trait]
pub trait JobQueue: Send + Sync + 'static {
    /// Adds entries while there is room and returns how many were taken, from the front. What is
    /// outstanding is bounded: the database is the backlog, and the sweeper brings the rest.
    ///
    /// # Errors
    /// [`QueueError`] when the queue cannot be reached.
    async fn push(&self, orders: &[OrderId]) -> Result<usize, QueueError>;

    /// The current state.
    ///
    /// # Errors
    /// [`QueueError`] when the queue cannot be reached.
    async fn state(&self) -> Result<QueueState, QueueError>;
}

/// The receiving end of a queue.
#[async_trait]
pub trait JobConsumer: Send + Sync + 'static {
    /// Starts an execution in `slots` for every entry until `stop` resolves, whatever happens to the queue
    /// in between: it waits out a lost connection or a flushed server, with back-off. It takes no entry
    /// before it has a slot for it. An order may come twice.
    ///
    /// Returns soon after `stop` (within two seconds if the queue hangs). Executions go on; entries that
    /// were not removed by then may be delivered to another worker as well. One run at a time.
    async fn run(&self, slots: Arc<dyn ExecutionSlots>, stop: BoxFuture<'static, ()>);

    /// Whether entries are being taken now, for readiness.
    fn is_consuming(&self) -> bool;
}

/// The bounded number of executions of one worker.
pub trait ExecutionSlots: Send + Sync + 'static {
    /// How many there are.
    fn count(&self) -> usize;

    /// Waits for a free slot and keeps it until it is dropped or started.
    fn reserve(&self) -> BoxFuture<'static, Box<dyn ExecutionSlot>>;
}

/// A slot that was reserved.
pub trait ExecutionSlot: Send {
    /// Starts to execute the order on a task of its own. The slot is free again once the execution has ended
    /// and the returned guard is dropped.
    fn start(self: Box<Self>, order: OrderId) -> SlotGuard;
}

/// Keeps a slot taken.
pub type SlotGuard = Box<dyn Send>;
