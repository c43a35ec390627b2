//! Takes jobs from the queue and executes them, so many at once and no more.

use std::{sync::Arc, time::Duration};

use domain::{
    OrderId,
    ports::{JobQueue, OrderStore},
};
use futures::FutureExt;
use infra::queue::{Handler, JobConsumer};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{config::WorkerConfig, executor::Executor, sweeper::Sweeper};

/// One worker: the receiving end of the queue, a bounded number of executions, and a sweeper.
pub struct Worker {
    executor: Arc<Executor>,
    sweeper: Sweeper,
    consumer: Arc<dyn JobConsumer>,
    slots: Arc<Semaphore>,
    concurrency: usize,
    executions: TaskTracker,
}

impl Worker {
    /// A worker over its ports.
    pub fn new(
        executor: Executor,
        queue: Arc<dyn JobQueue>,
        consumer: Arc<dyn JobConsumer>,
        config: &WorkerConfig,
    ) -> Self {
        let concurrency = usize::try_from(config.worker_concurrency).unwrap_or(usize::MAX);
        let sweeper = Sweeper {
            store: executor.store.clone(),
            queue,
            interval: Duration::from_millis(config.sweep_interval_ms),
            redeliver_after: Duration::from_millis(config.redeliver_after_ms),
        };
        Self {
            executor: Arc::new(executor),
            sweeper,
            consumer,
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
