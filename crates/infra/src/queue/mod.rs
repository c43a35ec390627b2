//! The job queue: apalis over Redis, or apalis in memory. Both are a bounded, at-least-once way to
//! wake a worker up, and nothing more: what matters is in the database.
//!
//! What apalis-redis 1.0.0 does, and where it is met:
//!
//! | # | it | here |
//! |---|---|---|
//! | 1, 2, 3 | looks at its heartbeat only, never publishes "available", loses wake-ups of its interval | `redis/doorbell.rs`: a channel that every push rings, a second look, a tick |
//! | 4 | moves all due ids with one `unpack`: more than about 8,000 wedge it | `push.lua` bounds what waits and schedules nothing; `promote.lua` moves what others scheduled in chunks before a worker starts |
//! | 5 | 500 ms response timeout; any error ends the worker and drops its handlers | `redis_link`: 5 s; `redis/consumer.rs` starts the next worker; `dispatch.rs` spawns handlers |
//! | 6 | refuses the name of a worker that stopped | `redis/consumer.rs`: a name per start; `close.lua` deregisters |
//! | 7 | reschedules errors up to 25 times | `dispatch.rs`: apalis never hears of an outcome |
//! | 8 | no heartbeat while fetched tasks wait for a handler | `dispatch.rs` finds a permit before a fetch; `redis/session.rs` confirms the registration itself; the batch is never larger than the concurrency |
//! | 9 | takes orphans back after 300 s, and their worker does not know | `redis/keys.rs`: 5 s × 3; `finish.lua` leaves alone what was taken back; the fence is in the database |
//! | 10 | `task-tracking` kills the worker | the feature is off, and so are apalis' own events |
//! | 11 | idempotency keys that do nothing | not used |
//! | 12 | ignores a task id it has seen, keeps finished tasks for ever | `push.lua`: a fresh id per push; `redis/finisher.rs` removes every trace |
//! | 13 | whole seconds by the producer's clock | `push.lua` pushes to the list that is read, without a time |
//! | 14 | `FLUSHALL` or a lost Redis is fatal | as 5; `redis/session.rs` notices within 5 s |
//! | 15 | one entry without data or metadata fails every fetch it is part of | `finish.lua` never makes one; `close.lua` removes it when the worker it failed closes |
//!
//! Clocks of workers must agree to within ten seconds or so: apalis compares heartbeats by them.

mod dispatch;
pub mod memory;
pub mod redis;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    OrderId,
    ports::{JobQueue, QueueState},
};
use futures::future::BoxFuture;
use metrics::gauge;
use rand::{RngExt, rngs::StdRng};
use tokio_util::sync::CancellationToken;

use self::{memory::MemoryQueue, redis::RedisQueueConfig};
use crate::{config::BackendConfig, metrics::catalogue};

/// How often an idle worker looks into Redis without having been rung.
const TICK: Duration = Duration::from_millis(500);

/// The two sides of a queue.
#[derive(Clone)]
pub struct Queue {
    /// Where orders are pushed.
    pub producer: Arc<dyn JobQueue>,
    /// Where a worker takes them.
    pub consumer: Arc<dyn JobConsumer>,
}

/// The queue that the configuration asks for. Redis need not be up: it is reached when it is first
/// needed, and again after every loss. Must be called on a Tokio runtime.
///
/// # Errors
/// When `REDIS_URL` cannot be read.
pub fn connect(config: &BackendConfig) -> anyhow::Result<Queue> {
    let capacity = usize::try_from(config.queue_capacity)?;
    let Some(url) = config.redis_url.clone() else {
        let queue = Arc::new(MemoryQueue::new(capacity));
        return Ok(Queue { producer: queue.clone(), consumer: queue });
    };
    let seed = rand::make_rng::<StdRng>().random();
    let prefix = config.redis_prefix.clone();
    let (producer, consumer) = redis::open(&RedisQueueConfig { url, prefix, capacity, tick: TICK, seed })?;
    Ok(Queue { producer: Arc::new(producer), consumer: Arc::new(consumer) })
}

/// Tells the metrics how the queue is, or that nobody knows. Sweepers look several times a second, and an
/// API looks when it is asked for its metrics.
#[expect(clippy::cast_precision_loss, reason = "a queue and its workers are bounded far below 2^53")]
fn record_gauges(state: Option<QueueState>) {
    let told = |count: fn(QueueState) -> usize| state.map_or(f64::NAN, |state| count(state) as f64);
    gauge!(catalogue::QUEUE_DEPTH).set(told(|state| state.waiting));
    gauge!(catalogue::QUEUE_WORKERS).set(told(|state| state.workers));
}

/// Takes an order that came from the queue. It returns once a worker slot has been found and the
/// execution runs on its own; the job is then done as far as the queue is concerned.
pub type Handler = Arc<dyn Fn(OrderId) -> BoxFuture<'static, ()> + Send + Sync>;

/// The receiving side of a queue.
#[async_trait]
pub trait JobConsumer: Send + Sync + 'static {
    /// Hands jobs to `handler` until `stop`, whatever happens to the queue in between: a lost
    /// connection or a flushed server is waited out with back-off. At most `concurrency` jobs are
    /// in the handler at once. Jobs may come twice.
    ///
    /// Returns soon after `stop` (at most two seconds when Redis hangs). Handlers that still run
    /// then go on; their jobs may be delivered to another worker as well. One run at a time.
    async fn run(&self, concurrency: usize, handler: Handler, stop: CancellationToken);

    /// Whether jobs are being taken now, for readiness.
    fn is_consuming(&self) -> bool;
}
