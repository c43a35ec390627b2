//! The job queue: apalis over Redis, or apalis in memory.

mod dispatch;
pub mod memory;

use std::sync::Arc;

use async_trait::async_trait;
use domain::OrderId;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

/// Takes an order that came from the queue. It returns once a worker slot has been found and the
/// execution runs on its own; the job is then done as far as the queue is concerned.
pub type Handler = Arc<dyn Fn(OrderId) -> BoxFuture<'static, ()> + Send + Sync>;

/// The receiving side of a queue.
#[async_trait]
pub trait JobConsumer: Send + Sync + 'static {
    /// Hands jobs to `handler` until `stop`, whatever happens to the queue in between: a lost
    /// connection or a flushed server is waited out with back-off. At most `concurrency` jobs are
    /// in the handler at once.
    async fn run(&self, concurrency: usize, handler: Handler, stop: CancellationToken);

    /// Whether jobs are being taken now, for readiness.
    fn is_consuming(&self) -> bool;
}
