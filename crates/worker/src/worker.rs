//! Takes jobs from the queue and executes them, so many at once and no more.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{
    OrderId,
    ports::{Clock, EventBus, OrderStore},
};
use futures::FutureExt;
use infra::queue::{Handler, JobConsumer, Queue};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use venues::Venues;

use crate::{
    config::WorkerConfig,
    executor::{ExecutionPolicy, Executor},
    sweeper::Sweeper,
};

/// One worker: the receiving end of the queue, a bounded number of executions, and a sweeper.
pub struct Worker {
    executor: Arc<Executor>,
    sweeper: Sweeper,
    consumer: Arc<dyn JobConsumer>,
    slots: Arc<Semaphore>,
    concurrency: usize,
    executions: TaskTracker,
}

/// Everything outside that a worker needs.
pub struct Backends {
    /// The truth.
    pub store: Arc<dyn OrderStore>,
    /// Where committed events are announced.
    pub bus: Arc<dyn EventBus>,
    /// Where jobs come from, and where due orders go.
    pub queue: Queue,
    /// Who is asked for quotes, and the chain.
    pub venues: Venues,
    /// The time events happen at.
    pub clock: Arc<dyn Clock>,
    /// The jitter of waits, and the worker's name.
    pub rng: ChaCha8Rng,
}

impl Worker {
    /// A worker over its backends, under a name of its own.
    pub fn new(backends: Backends, config: &WorkerConfig) -> Self {
        let Backends { store, bus, queue, venues, clock, mut rng } = backends;
        let concurrency = usize::try_from(config.worker_concurrency).unwrap_or(usize::MAX);
        let policy = ExecutionPolicy {
            worker: format!("{}-{:08x}", std::process::id(), rng.next_u32()),
            lease: config.lease(),
            retry: config.retry_policy(),
            quote_deadline: Duration::from_millis(config.quote_deadline_ms),
            rebroadcast_interval: Duration::from_millis(config.rebroadcast_interval_ms),
        };
        let sweeper = Sweeper {
            store: store.clone(),
            queue: queue.producer,
            interval: Duration::from_millis(config.sweep_interval_ms),
            redeliver_after: Duration::from_millis(config.redeliver_after_ms),
        };
        let executor = Executor {
            store,
            bus,
            venues: venues.venues,
            chain: venues.chain,
            clock,
            rng: Mutex::new(rng),
            policy,
        };
        Self {
            executor: Arc::new(executor),
            sweeper,
            consumer: queue.consumer,
            slots: Arc::new(Semaphore::new(concurrency)),
            concurrency,
            executions: TaskTracker::new(),
        }
    }

    /// Works until `stop`, then gives every claim back at once, so that another worker goes on
    /// without waiting for a lease to end.
    pub async fn run(&self, stop: CancellationToken) {
        let consume = self.consumer.run(self.concurrency, self.handler(&stop), stop.clone());
        tokio::join!(consume, self.sweeper.run(stop.clone()));
        self.executions.close();
        self.executions.wait().await;
    }

    /// Orders that are executing now.
    pub fn executing(&self) -> usize {
        self.executions.len()
    }

    /// Whether jobs are being taken.
    pub fn is_consuming(&self) -> bool {
        self.consumer.is_consuming()
    }

    /// The store, for health checks.
    pub fn store(&self) -> &dyn OrderStore {
        self.executor.store.as_ref()
    }

    /// Waits for a slot and starts the execution on its own: it must outlive the queue's worker,
    /// which may be restarted at any time.
    fn handler(&self, stop: &CancellationToken) -> Handler {
        let (executor, slots) = (self.executor.clone(), self.slots.clone());
        let (executions, stop) = (self.executions.clone(), stop.clone());
        Arc::new(move |id: OrderId| {
            let (executor, slots) = (executor.clone(), slots.clone());
            let (executions, stop) = (executions.clone(), stop.clone());
            async move {
                let Some(Ok(slot)) = stop.run_until_cancelled(slots.acquire_owned()).await else { return };
                executions.spawn(async move {
                    executor.execute(id, &stop).await;
                    drop(slot);
                });
            }
            .boxed()
        })
    }
}
