//! Takes jobs from the queue and executes a bounded number of them at once.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::ports::{Clock, EventBus, JobConsumer, JobQueue, OrderStore, StoreHealth, Trading};
use futures::FutureExt;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use telemetry::Outage;
use tokio_util::sync::CancellationToken;

use crate::{
    config::WorkerConfig,
    executor::{ExecutionPolicy, Executor},
    progress::RunningExecutions,
    slots::Slots,
    sweeper::Sweeper,
};

/// One worker: the receiving end of the queue, a bounded number of executions, and a sweeper.
pub struct Worker {
    executor: Arc<Executor>,
    sweeper: Sweeper,
    consumer: Arc<dyn JobConsumer>,
    /// For health checks.
    store: Arc<dyn StoreHealth>,
    slots: Slots,
    stop: CancellationToken,
}

/// Everything that a worker depends on.
pub struct Backends {
    pub store: Arc<dyn OrderStore>,
    pub bus: Arc<dyn EventBus>,
    pub queue: Arc<dyn JobQueue>,
    pub consumer: Arc<dyn JobConsumer>,
    pub trading: Trading,
    pub clock: Arc<dyn Clock>,
    /// The jitter of waits, and the worker's name.
    pub rng: ChaCha8Rng,
}

impl Worker {
    /// A worker over its backends, under a name of its own. It works until `stop` is cancelled.
    pub fn new(backends: Backends, config: &WorkerConfig, stop: CancellationToken) -> Self {
        let Backends { store, bus, queue, consumer, trading, clock, mut rng } = backends;
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
            tokens: trading.quotes.tokens,
            costs: trading.quotes.costs,
            chain: trading.chain,
            signer: trading.signer,
            clock,
            rng: Mutex::new(rng),
            policy,
            executions: Arc::new(RunningExecutions::default()),
            claims: Outage::new("claims of orders"),
        });
        let slots = Slots::new(executor.clone(), concurrency, stop.clone());
        let sweeper = Sweeper::new(
            store.clone(),
            queue,
            consumer.clone(),
            slots.clone(),
            Duration::from_millis(config.sweep_interval_ms),
            Duration::from_millis(config.redeliver_after_ms),
        );
        Self { executor, sweeper, consumer, store, slots, stop }
    }

    /// Works until it is stopped, then gives every claim back at once, so that another worker goes on
    /// without waiting for a lease to end.
    pub async fn run(&self) {
        let stopped = self.stop.clone().cancelled_owned().boxed();
        let consume = self.consumer.run(Arc::new(self.slots.clone()), stopped);
        let measure = self.stop.run_until_cancelled(self.executor.executions.measure());
        tokio::join!(consume, self.sweeper.run(self.stop.clone()), measure);
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
        self.store.as_ref()
    }
}
