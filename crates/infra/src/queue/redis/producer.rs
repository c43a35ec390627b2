//! The sending side of the Redis queue.

use std::{
    fmt::Display,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use batching::Batcher;
use domain::{
    OrderId,
    ports::{JobQueue, QueueError, QueueState},
};
use redis::{RedisResult, Script, aio::ConnectionManager};
use telemetry::Outage;
use tokio::time::Instant;

use super::keys::{Keys, SILENT_FOR};
use crate::{
    queue::record_gauges,
    redis_link::{Connection, RedisLink},
};

/// How long a push may take: the sweeper delivers too.
const PUSH_TIMEOUT: Duration = Duration::from_secs(1);
/// How long pushes fail at once after a failure.
const COOL_DOWN: Duration = Duration::from_millis(250);
/// Concurrent pushes that go in one round trip at most.
const GROUP: usize = 512;
/// Concurrent pushes that wait at most; further callers wait to be let in.
const WAITING: usize = 4_096;

static PUSH: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/push.lua")));
static STATE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/state.lua")));

/// Pushes into the queue.
///
/// One script checks the bound, writes the entries in the form apalis-redis reads, and rings the
/// doorbell: one round trip, and as Redis runs a script alone, any number of producers together
/// never overshoot the capacity. apalis' own push could not be bounded, would put every entry into
/// the scheduled set (hazards 2 and 4), and would hold it back from workers whose clock is behind
/// (hazard 13).
pub struct RedisProducer {
    pusher: Arc<Pusher>,
    batcher: Batcher<Vec<OrderId>, Result<usize, QueueError>>,
}

/// The connection and what is known about it.
struct Pusher {
    connection: Connection,
    keys: Keys,
    capacity: usize,
    outage: Outage,
    /// Until when calls fail at once.
    cooling: Mutex<Option<Instant>>,
}

impl RedisProducer {
    pub(super) fn open(link: &RedisLink, keys: Keys, capacity: usize) -> anyhow::Result<Self> {
        let pusher = Arc::new(Pusher {
            connection: Connection::open(link)?,
            keys,
            capacity,
            outage: Outage::new("job queue (sending)"),
            cooling: Mutex::new(None),
        });
        let batcher = Batcher::spawn(GROUP, WAITING, {
            let pusher = pusher.clone();
            move |groups| {
                let pusher = pusher.clone();
                async move { pusher.push(groups).await }
            }
        });
        Ok(Self { pusher, batcher })
    }
}

impl Pusher {
    /// Pushes several groups in one call and shares out what was taken.
    async fn push(&self, groups: Vec<Vec<OrderId>>) -> Vec<Result<usize, QueueError>> {
        let taken = self
            .call(|mut connection| {
                let mut call = PUSH.prepare_invoke();
                let keys = &self.keys;
                call.key(&keys.active).key(&keys.scheduled).key(&keys.data).key(&keys.last_task_id);
                call.arg(&keys.metadata).arg(self.capacity).arg(&keys.doorbell);
                // no more than the capacity can be taken, so no more need be sent
                for order in groups.iter().flatten().take(self.capacity) {
                    call.arg(format!("\"{order}\""));
                }
                async move { call.invoke_async::<usize>(&mut connection).await }
            })
            .await;
        let mut left = match taken {
            Ok(taken) => taken,
            Err(error) => return groups.iter().map(|_| Err(error.clone())).collect(),
        };
        let share = |group: &Vec<OrderId>| {
            let share = group.len().min(left);
            left -= share;
            Ok(share)
        };
        groups.iter().map(share).collect()
    }

    async fn state(&self) -> Result<QueueState, QueueError> {
        let counts: Result<(usize, usize), _> = self
            .call(|mut connection| {
                let mut call = STATE.prepare_invoke();
                let keys = &self.keys;
                call.key(&keys.active).key(&keys.scheduled).key(&keys.workers).arg(SILENT_FOR.as_secs());
                async move { call.invoke_async(&mut connection).await }
            })
            .await;
        let state = counts.map(|(waiting, workers)| QueueState { waiting, capacity: self.capacity, workers });
        record_gauges(state.as_ref().ok().copied());
        state
    }

    /// Calls Redis, waiting only briefly, and not at all when it just failed.
    async fn call<T, F: Future<Output = RedisResult<T>>>(
        &self,
        call: impl Fn(ConnectionManager) -> F,
    ) -> Result<T, QueueError> {
        if self.cooling().is_some_and(|until| Instant::now() < until) {
            return Err(QueueError("Redis failed a moment ago".into()));
        }
        let result = self.connection.call("queue", PUSH_TIMEOUT, call).await;
        self.note_result(result.as_ref().err());
        result.map_err(|error| QueueError(error.into()))
    }

    fn note_result(&self, failure: Option<impl Display>) {
        *self.cooling.lock().unwrap_or_else(PoisonError::into_inner) = if let Some(error) = failure {
            self.outage.failed(error);
            Some(Instant::now() + COOL_DOWN)
        } else {
            self.outage.over();
            None
        };
    }

    fn cooling(&self) -> Option<Instant> {
        *self.cooling.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl JobQueue for RedisProducer {
    async fn push(&self, orders: &[OrderId]) -> Result<usize, QueueError> {
        if orders.is_empty() {
            return Ok(0);
        }
        let orders = orders.iter().copied().take(self.pusher.capacity).collect();
        self.batcher.submit(orders).await.map_err(|stopped| QueueError(stopped.into()))?
    }

    async fn state(&self) -> Result<QueueState, QueueError> {
        self.pusher.state().await
    }
}
