//! A queue that loses, repeats and reorders.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    OrderId,
    ports::{ExecutionSlots, JobConsumer, JobQueue, QueueError, QueueState},
};
use futures::future::BoxFuture;
use tokio::time::sleep;

use crate::simulation::{process::Process, world::lock};

/// Entries that may wait.
const CAPACITY: usize = 100;

/// The queue as one process sees it.
pub(crate) struct SimulatedQueue(pub(crate) Arc<Process>);

#[async_trait]
impl JobQueue for SimulatedQueue {
    async fn push(&self, orders: &[OrderId]) -> Result<usize, QueueError> {
        let world = &self.0.world;
        let pushed = self.0.call_that_may_hang("push", async || {
            let mut hints = lock(&world.hints);
            let taken = orders.len().min(CAPACITY.saturating_sub(hints.len()));
            for order in &orders[..taken] {
                let copies = match () {
                    () if world.happens(world.plan.loses_hint) => 0,
                    () if world.happens(world.plan.repeats_hint) => 2,
                    () => 1,
                };
                hints.extend(std::iter::repeat_n(*order, copies));
            }
            world.hint_came.notify_waiters();
            taken
        });
        pushed.await.map_err(|lost| QueueError(lost.0.into()))
    }

    async fn state(&self) -> Result<QueueState, QueueError> {
        let world = &self.0.world;
        let state = self.0.call_that_may_hang("state", async || QueueState {
            waiting: lock(&world.hints).len(),
            capacity: CAPACITY,
            workers: 1,
        });
        state.await.map_err(|lost| QueueError(lost.0.into()))
    }
}

#[async_trait]
impl JobConsumer for SimulatedQueue {
    async fn run(&self, slots: Arc<dyn ExecutionSlots>, stop: BoxFuture<'static, ()>) {
        let world = &self.0.world;
        let work = async {
            loop {
                self.0.live().await;
                let slot = slots.reserve().await;
                let taken = loop {
                    let came = world.hint_came.notified();
                    let taken = {
                        let mut hints = lock(&world.hints);
                        let waiting = u64::try_from(hints.len()).unwrap_or(0);
                        let position = if waiting > 0 { world.between(0, waiting) } else { 0 };
                        hints.remove(usize::try_from(position).unwrap_or(0))
                    };
                    if let Some(order) = taken {
                        break order;
                    }
                    came.await;
                    // any of those who wait may be the first
                    sleep(Duration::from_millis(world.between(0, 10))).await;
                    self.0.live().await;
                };
                drop(slot.start(taken));
            }
        };
        tokio::select! {
            () = stop => {}
            () = work => {}
        }
    }

    fn is_consuming(&self) -> bool {
        true
    }
}
