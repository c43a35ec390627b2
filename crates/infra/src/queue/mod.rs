//! The job queue: apalis over Redis, or apalis in memory. Both are a bounded, at-least-once way to
//! wake a worker up, and nothing more: what matters is in the database.
//!
//! Hazards of apalis-redis 1.0.0, and where they are handled:
//!
//! | # | it | here |
//! |---|---|---|
//! | 1, 2, 3 | looks at its heartbeat only, never publishes "available", loses wake-ups of its interval | `redis/doorbell.rs`: a channel that every push rings, a second look, a tick |
//! | 4 | moves all due ids with one `unpack`: more than about 8,000 wedge it | `push.lua` bounds what waits and schedules nothing; `promote.lua` moves what others scheduled in chunks before a worker starts |
//! | 5 | 500 ms response timeout; any error ends the worker and drops its handlers | `redis_link`: 5 s; `redis/consumer.rs` starts the next worker; executions run on tasks of their own |
//! | 6 | refuses the name of a worker that stopped | `redis/consumer.rs`: a name per start; `close.lua` deregisters |
//! | 7 | reschedules errors up to 25 times | `dispatch.rs`: apalis never hears of an outcome |
//! | 8 | no heartbeat while fetched tasks wait for a handler | `dispatch.rs` reserves a slot before a fetch; `redis/session.rs` confirms the registration itself; a batch is never larger than the number of slots |
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

use domain::ports::{JobConsumer, JobQueue, QueueState};
use metrics::gauge;
use rand::{RngExt, rngs::StdRng};
use telemetry::metrics::catalogue;

use self::{memory::MemoryQueue, redis::RedisQueueConfig};
use crate::config::BackendConfig;

/// How often an idle worker checks Redis without a ring.
const TICK: Duration = Duration::from_millis(500);

/// The two sides of a queue.
#[derive(Clone)]
pub struct Queue {
    pub producer: Arc<dyn JobQueue>,
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

/// Updates the queue gauges; NaN while the state is unknown. Sweepers ask several times a second, an API when
/// its metrics are scraped.
#[expect(clippy::cast_precision_loss, reason = "a queue and its workers are bounded far below 2^53")]
fn record_gauges(state: Option<QueueState>) {
    let value = |count: fn(QueueState) -> usize| state.map_or(f64::NAN, |state| count(state) as f64);
    gauge!(catalogue::QUEUE_DEPTH).set(value(|state| state.waiting));
    gauge!(catalogue::QUEUE_WORKERS).set(value(|state| state.workers));
}
