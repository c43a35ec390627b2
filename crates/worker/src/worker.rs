//! Takes jobs from the queue and executes them, so many at once and no more.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{
    OrderId,
    ports::{Clock, EventBus, OrderStore, StoreHealth},
};
use futures::FutureExt;
use infra::{
    outage::Outage,
    queue::{Handler, JobConsumer, Queue},
};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use tokio_util::sync::CancellationToken;
use venues::Trading;

use crate::{
    config::WorkerConfig,
    executor::{ExecutionPolicy, Executor},
    progress::Executions,
    slots::Slots,
    sweeper::Sweeper,
};

/// One worker: the receiving end of the queue, a bounded number of executions, and a sweeper.
pub struct Worker {
    executor: Arc<Executor>,
    sweeper: Sweeper,
    consumer: Arc<dyn JobConsumer>,
    slots: Slots,
    concurrency: usize,
}

/// Everything outside that a worker needs.
pub struct Backends {
    /// The truth.
    pub store: Arc<dyn OrderStore>,
    /// Where committed events are announced.
    pub bus: Arc<dyn EventBus>,
    /// Where jobs come from, and where due orders go.
    pub queue: Queue,
    /// What orders are executed with.
    pub trading: Trading,
    /// The time events happen at.
    pub clock: Arc<dyn Clock>,
    /// The jitter of waits, and the worker's name.
    pub rng: ChaCha8Rng,
}

impl Worker {
    /// A worker over its backends, under a name of its own.
    pub fn new(backends: Backends, config: &WorkerConfig) -> Self {
        let Backends { store, bus, queue, trading, clock, mut rng } = backends;
        let concurrency = usize::try_from(config.worker_concurrency).unwrap_or(usize::MAX);
        let policy = ExecutionPolicy {
            worker: format!("{}-{:08x}", std::process::id(), rng.next_u32()),
            lease: config.lease(),
            retry: config.retry_policy(),
            quote_deadline: Duration::from_millis(config.quote_deadline_ms),
            call_deadline: Duration::from_millis(config.call_deadline_ms),
            rebroadcast_interval: Duration::from_millis(config.rebroadcast_interval_ms),
            outage_deadline: Duration::from_millis(config.outage_deadline_ms),
            settle_patience: Duration::from_millis(config.settle_patience_ms),
        };
        let executor = Arc::new(Executor {
            store: store.clone(),
            bus,
            venues: trading.quotes.venues,
            chain: trading.chain,
            signer: trading.signer,
            clock,
            rng: Mutex::new(rng),
            policy,
            executions: Arc::new(Executions::default()),
            claims: Outage::new("claims of orders"),
        });
        let slots = Slots::new(executor.clone(), concurrency);
        let sweeper = Sweeper::new(
            store,
            queue.clone(),
            slots.clone(),
            Duration::from_millis(config.sweep_interval_ms),
            Duration::from_millis(config.redeliver_after_ms),
        );
        Self { executor, sweeper, consumer: queue.consumer, slots, concurrency }
    }

    /// Works until `stop`, then gives every claim back at once, so that another worker goes on
    /// without waiting for a lease to end.
    pub async fn run(&self, stop: CancellationToken) {
        let consume = self.consumer.run(self.concurrency, self.handler(&stop), stop.clone());
        let measure = stop.run_until_cancelled(self.executor.executions.measure());
        tokio::join!(consume, self.sweeper.run(stop.clone()), measure);
        self.slots.finish().await;
    }

    /// Orders that are executing now.
    pub fn executing(&self) -> usize {
        self.slots.taken()
    }

    /// Whether jobs are being taken from the queue.
    pub fn is_consuming(&self) -> bool {
        self.consumer.is_consuming()
    }

    /// Whether due orders reach the queue.
    pub fn reaches_queue(&self) -> bool {
        self.sweeper.reaches_queue()
    }

    /// The store, for health checks.
    pub fn store(&self) -> &dyn StoreHealth {
        self.executor.store.as_ref()
    }

    fn handler(&self, stop: &CancellationToken) -> Handler {
        let (slots, stop) = (self.slots.clone(), stop.clone());
        Arc::new(move |id: OrderId| {
            let (slots, stop) = (slots.clone(), stop.clone());
            async move { slots.start(id, &stop).await }.boxed()
        })
    }
}
