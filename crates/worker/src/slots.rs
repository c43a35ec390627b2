//! The bounded number of executions of one worker.

use std::sync::Arc;

use domain::OrderId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::executor::Executor;

/// Where executions run. Cheap to clone.
#[derive(Clone)]
pub struct Slots {
    executor: Arc<Executor>,
    free: Arc<Semaphore>,
    executions: TaskTracker,
}

impl Slots {
    /// At most `count` executions at once.
    pub fn new(executor: Arc<Executor>, count: usize) -> Self {
        Self { executor, free: Arc::new(Semaphore::new(count)), executions: TaskTracker::new() }
    }

    /// Executions that could start now.
    pub fn free(&self) -> usize {
        self.free.available_permits()
    }

    /// Executions that run now.
    pub fn taken(&self) -> usize {
        self.executions.len()
    }

    /// Waits for a free slot and starts the execution, which runs on its own: it must outlive the queue's
    /// worker, which may be restarted at any time. On `stop` its claim is given back.
    pub async fn start(&self, id: OrderId, stop: &CancellationToken) {
        if let Some(Ok(slot)) = stop.run_until_cancelled(self.free.clone().acquire_owned()).await {
            self.run(id, slot, stop);
        }
    }

    /// Starts the execution if a slot is free. Returns whether it did.
    pub fn try_start(&self, id: OrderId, stop: &CancellationToken) -> bool {
        match self.free.clone().try_acquire_owned() {
            Ok(slot) => {
                self.run(id, slot, stop);
                true
            }
            Err(_) => false,
        }
    }

    /// Looks at an order that rests, which takes no slot.
    pub async fn inspect(&self, id: OrderId, stop: &CancellationToken) {
        self.executor.execute(id, stop).await;
    }

    /// Waits until no execution runs any more.
    pub async fn finish(&self) {
        self.executions.close();
        self.executions.wait().await;
    }

    fn run(&self, id: OrderId, slot: OwnedSemaphorePermit, stop: &CancellationToken) {
        let (executor, stop) = (self.executor.clone(), stop.clone());
        self.executions.spawn(async move {
            executor.execute(id, &stop).await;
            drop(slot);
        });
    }
}
