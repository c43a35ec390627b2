//! What the queue tests share.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use apalis_redis::Config;
use domain::{
    OrderId,
    ports::{ExecutionSlot, ExecutionSlots, JobConsumer, JobQueue, SlotGuard},
};
use futures::{FutureExt, future::BoxFuture};
use infra::queue::redis::{RedisConsumer, RedisProducer, RedisQueueConfig};
use redis::{AsyncCommands, aio::MultiplexedConnection};
use testkit::{eventually, redis::TestRedis};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// Waiting entries that test queues allow.
pub(crate) const CAPACITY: usize = 1_000;
/// So long that only the doorbell can be the reason for a look.
pub(crate) const NEVER: Duration = Duration::from_hours(1);

/// As many new order ids.
pub(crate) fn orders(count: usize) -> Vec<OrderId> {
    (0..count).map(|_| testkit::samples::order_id()).collect()
}

/// What an execution does.
pub(crate) type Handler = Arc<dyn Fn(OrderId) -> BoxFuture<'static, ()> + Send + Sync>;

/// Slots whose executions call a handler.
struct TestSlots {
    count: usize,
    free: Arc<Semaphore>,
    handler: Handler,
}

struct TestSlot {
    permit: OwnedSemaphorePermit,
    handler: Handler,
}

impl ExecutionSlots for TestSlots {
    fn count(&self) -> usize {
        self.count
    }

    fn reserve(&self) -> BoxFuture<'static, Box<dyn ExecutionSlot>> {
        let (free, handler) = (self.free.clone(), self.handler.clone());
        async move {
            let permit = free.acquire_owned().await.unwrap();
            Box::new(TestSlot { permit, handler }) as Box<dyn ExecutionSlot>
        }
        .boxed()
    }
}

impl ExecutionSlot for TestSlot {
    fn start(self: Box<Self>, order: OrderId) -> SlotGuard {
        let (permit, handler) = (Arc::new(self.permit), self.handler);
        let guard = permit.clone();
        tokio::spawn(async move {
            handler(order).await;
            drop(permit);
        });
        Box::new(guard)
    }
}

/// A handler that remembers what it was given and may be held up.
#[derive(Clone)]
pub(crate) struct Recorder {
    pub(crate) seen: Arc<Mutex<Vec<OrderId>>>,
    pub(crate) running: Arc<AtomicUsize>,
    pub(crate) most_running: Arc<AtomicUsize>,
    pub(crate) ended: Arc<AtomicUsize>,
    pub(crate) gate: Arc<Semaphore>,
}

impl Recorder {
    /// Lets every job through at once.
    pub(crate) fn open() -> Self {
        let recorder = Self::closed();
        recorder.open_gate();
        recorder
    }

    /// Keeps every job until the gate is opened.
    pub(crate) fn closed() -> Self {
        Self {
            seen: Arc::default(),
            running: Arc::default(),
            most_running: Arc::default(),
            ended: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
        }
    }

    pub(crate) fn open_gate(&self) {
        self.gate.close(); // a closed semaphore lets all through, with an error that is ignored
    }

    pub(crate) fn handler(&self) -> Handler {
        let this = self.clone();
        Arc::new(move |order| {
            let this = this.clone();
            async move {
                let running = this.running.fetch_add(1, Ordering::SeqCst) + 1;
                this.most_running.fetch_max(running, Ordering::SeqCst);
                this.seen.lock().unwrap().push(order);
                if let Ok(permit) = this.gate.acquire().await {
                    permit.forget();
                }
                this.running.fetch_sub(1, Ordering::SeqCst);
                this.ended.fetch_add(1, Ordering::SeqCst);
            }
            .boxed()
        })
    }

    pub(crate) fn deliveries(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(crate) fn has_seen(&self, orders: &[OrderId]) -> bool {
        let seen: HashSet<_> = self.seen.lock().unwrap().iter().copied().collect();
        orders.iter().all(|order| seen.contains(order))
    }

    pub(crate) async fn all_of(&self, orders: &[OrderId]) {
        eventually("all jobs are handed over", async || self.has_seen(orders)).await;
    }

    pub(crate) async fn running(&self, count: usize) {
        eventually("the expected number of handlers run", async || {
            self.running.load(Ordering::SeqCst) == count
        })
        .await;
    }
}

/// A consumer that runs until it is stopped or dropped.
pub(crate) struct Running {
    pub(crate) consumer: Arc<dyn JobConsumer>,
    pub(crate) stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(consumer: Arc<dyn JobConsumer>, concurrency: usize, handler: Handler) -> Self {
        let stop = CancellationToken::new();
        let slots = TestSlots { count: concurrency, free: Arc::new(Semaphore::new(concurrency)), handler };
        let task = tokio::spawn({
            let (consumer, stopped) = (consumer.clone(), stop.clone().cancelled_owned().boxed());
            async move { consumer.run(Arc::new(slots), stopped).await }
        });
        Self { consumer, stop, task }
    }

    pub(crate) async fn consuming(&self) {
        eventually("jobs are being taken", async || self.consumer.is_consuming()).await;
    }

    /// Stops it and waits for its end.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// The two sides of a queue over `server`.
pub(crate) fn queue(
    server: &TestRedis,
    tick: Duration,
    seed: u64,
) -> (Arc<RedisProducer>, Arc<RedisConsumer>) {
    queue_at(server.url(), tick, seed)
}

/// The two sides of a queue over the server at `url`.
pub(crate) fn queue_at(url: String, tick: Duration, seed: u64) -> (Arc<RedisProducer>, Arc<RedisConsumer>) {
    let config = RedisQueueConfig { url, prefix: "test".into(), capacity: CAPACITY, tick, seed };
    let (producer, consumer) = infra::queue::redis::open(&config).unwrap();
    (Arc::new(producer), Arc::new(consumer))
}

/// What apalis-redis calls things in the test queue.
pub(crate) fn names() -> Config {
    Config::default().queue("test:jobs")
}

/// Pushes all of it, waiting for room.
pub(crate) async fn push_all(producer: &dyn JobQueue, orders: &[OrderId]) {
    let mut rest = orders;
    while !rest.is_empty() {
        let taken = producer.push(rest).await.unwrap_or(0);
        rest = &rest[taken..];
        if taken == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Entries that wait, as apalis keeps them.
pub(crate) async fn waiting(connection: &mut MultiplexedConnection) -> usize {
    let active: usize = connection.llen(names().active_jobs_list()).await.unwrap();
    let scheduled: usize = connection.zcard(names().scheduled_jobs_set()).await.unwrap();
    active + scheduled
}

/// Every key and the bytes it takes.
pub(crate) async fn sizes(connection: &mut MultiplexedConnection) -> Vec<(String, usize)> {
    let mut keys: Vec<String> = connection.keys("*").await.unwrap();
    keys.sort();
    let mut sizes = Vec::new();
    for key in keys {
        let bytes: Option<usize> =
            redis::cmd("MEMORY").arg("USAGE").arg(&key).query_async(connection).await.unwrap();
        sizes.push((key, bytes.unwrap_or(0)));
    }
    sizes
}

/// Waits until no entry is left anywhere.
pub(crate) async fn drained(connection: &MultiplexedConnection) {
    eventually("no entry is left", || {
        let mut connection = connection.clone();
        async move {
            let data: usize = connection.hlen(names().job_data_hash()).await.unwrap();
            data == 0 && waiting(&mut connection).await == 0
        }
    })
    .await;
}
