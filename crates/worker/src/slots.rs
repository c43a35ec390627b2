//! The bounded number of executions of one worker.

use std::sync::Arc;

use domain::{
    OrderId,
    ports::{ExecutionSlot, ExecutionSlots, SlotGuard},
};
use futures::{FutureExt, future::BoxFuture};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::executor::Executor;

/// Where executions run. Cheap to clone.
#[derive(Clone)]
pub struct Slots {
    executor: Arc<Executor>,
    free: Arc<Semaphore>,
    count: usize,
    executions: TaskTracker,
    /// Of resting orders. They take no slot.
    inspections: TaskTracker,
    /// Makes executions give their claims back.
    stop: CancellationToken,
}

impl Slots {
    /// At most `count` executions at once. They give their claims back once `stop` is cancelled.
    pub fn new(executor: Arc<Executor>, count: usize, stop: CancellationToken) -> Self {
        let free = Arc::new(Semaphore::new(count));
        let (executions, inspections) = (TaskTracker::new(), TaskTracker::new());
        Self { executor, free, count, executions, inspections, stop }
    }

    /// Executions that could start now.
    pub fn free(&self) -> usize {
        self.free.available_permits()
    }

    /// Executions that run now.
    pub fn taken(&self) -> usize {
        self.executions.len()
    }

    /// Starts the execution if a slot is free. Returns whether it did.
    pub fn try_start(&self, id: OrderId) -> bool {
        match self.free.clone().try_acquire_owned() {
            Ok(permit) => {
                drop(self.run(id, permit));
                true
            }
            Err(_) => false,
        }
    }

    /// Inspects a resting order, which takes no slot. On a task of its own: a sweeper that stops must not drop it,
    /// for a claim that is not given back counts as lost.
    pub async fn inspect(&self, id: OrderId) {
        let (executor, stop) = (self.executor.clone(), self.stop.clone());
        let inspecting = self.inspections.spawn(async move { executor.execute(id, &stop).await });
        if let Err(error) = inspecting.await {
            tracing::error!(order_id = %id, %error, "an inspection failed");
        }
    }

    /// Waits until no execution runs any more.
    pub async fn finish(&self) {
        for tasks in [&self.executions, &self.inspections] {
            tasks.close();
            tasks.wait().await;
        }
    }

    /// Runs on a task of its own: an execution must outlive the queue's worker, which may be restarted at any
    /// time.
    fn run(&self, id: OrderId, permit: OwnedSemaphorePermit) -> SlotGuard {
        let (executor, stop) = (self.executor.clone(), self.stop.clone());
        let permit = Arc::new(permit);
        let guard = permit.clone();
        self.executions.spawn(async move {
            executor.execute(id, &stop).await;
            drop(permit);
        });
        Box::new(guard)
    }
}

impl ExecutionSlots for Slots {
    fn count(&self) -> usize {
        self.count
    }

    fn reserve(&self) -> BoxFuture<'static, Box<dyn ExecutionSlot>> {
        let slots = self.clone();
        async move {
            match slots.free.clone().acquire_owned().await {
                Ok(permit) => Box::new(Reserved { slots, permit }) as Box<dyn ExecutionSlot>,
                Err(_) => std::future::pending().await, // never closed
            }
        }
        .boxed()
    }
}

/// A slot that nothing runs in yet.
struct Reserved {
    slots: Slots,
    permit: OwnedSemaphorePermit,
}

impl ExecutionSlot for Reserved {
    fn start(self: Box<Self>, order: OrderId) -> SlotGuard {
        self.slots.run(order, self.permit)
    }
}
