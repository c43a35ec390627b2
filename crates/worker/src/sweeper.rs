//! Finds due orders and brings them to the queue: those whose push was lost, whose wait before the
//! next attempt is over, or whose worker died. One mechanism for all three.

use std::{future::Future, sync::Arc, time::Duration};

use domain::{
    OrderId,
    ports::{DueAction, DueOrder, Executions, JobConsumer, JobQueue, QueueError, StoreError},
};
use futures::{StreamExt, stream};
use metrics::counter;
use telemetry::{Outage, metrics::catalogue};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{executor::calls, slots::Slots};

/// Maximum number of orders taken at once; bounds a statement's size.
const BATCH: usize = 500;

/// Resting orders that are inspected concurrently.
const INSPECTED_AT_ONCE: usize = 16;

/// How long the queue may take to answer. Longer than its own deadline, whose error says more.
const QUEUE_WITHIN: Duration = Duration::from_secs(2);

/// Looks for due orders. Every worker has one; together they share the work.
pub struct Sweeper {
    store: Arc<dyn Executions>,
    queue: Arc<dyn JobQueue>,
    consumer: Arc<dyn JobConsumer>,
    /// Where due orders go while the queue delivers nothing.
    slots: Slots,
    interval: Duration,
    redeliver_after: Duration,
    store_outage: Outage,
    queue_outage: Outage,
}

impl Sweeper {
    /// A sweeper that looks for due orders every `interval`. Those it took are due again after
    /// `redeliver_after`, in case they are lost in the queue.
    pub fn new(
        store: Arc<dyn Executions>,
        queue: Arc<dyn JobQueue>,
        consumer: Arc<dyn JobConsumer>,
        slots: Slots,
        interval: Duration,
        redeliver_after: Duration,
    ) -> Self {
        let store_outage = Outage::new("due orders");
        let queue_outage = Outage::new("job queue (sweeper)");
        Self { store, queue, consumer, slots, interval, redeliver_after, store_outage, queue_outage }
    }

    /// Sweeps until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        let mut taken = Vec::new();
        let sweeping = async {
            loop {
                match self.sweep(&mut taken).await {
                    Ok(are_more_due) => {
                        self.store_outage.over();
                        if are_more_due {
                            continue;
                        }
                    }
                    Err(error) => self.store_outage.failed(error),
                }
                tokio::time::sleep(self.interval).await;
            }
        };
        stop.run_until_cancelled(sweeping).await;
    }

    /// Whether the last push of due orders reached the queue.
    pub fn reaches_queue(&self) -> bool {
        !self.queue_outage.is_down()
    }

    /// Moves due orders to the queue as far as it has room, or to this worker's own slots while the queue
    /// delivers nothing: it cannot be reached, or this worker cannot take from it. Returns whether more may be due and fit.
    ///
    /// The queue may fill up between the check and the push. What was not taken stays in `taken` for the
    /// next time: in the store it is due again only after `redeliver_after`, which is what brings it back
    /// when this process dies.
    async fn sweep(&self, taken: &mut Vec<OrderId>) -> Result<bool, StoreError> {
        if taken.is_empty() {
            let wanted = self.room().await.min(BATCH);
            if wanted == 0 {
                return Ok(false);
            }
            let limit = u32::try_from(wanted).unwrap_or(u32::MAX);
            let due = calls::store(self.store.lease_due(limit, self.redeliver_after)).await?;
            count(catalogue::SWEEPER_DUE, due.len());
            *taken = self.inspect(due).await;
        }
        if taken.is_empty() {
            return Ok(false);
        }
        let pushed =
            if self.consumer.is_consuming() { self.ask_queue(self.queue.push(taken)).await } else { None };
        if let Some(pushed) = pushed {
            count(catalogue::SWEEPER_PUSHED, pushed);
            tracing::debug!(due = taken.len(), pushed, "swept");
            taken.drain(..pushed);
        } else {
            let due = taken.len();
            taken.retain(|id| !self.slots.try_start(*id));
            tracing::debug!(due, started = due - taken.len(), "swept without the queue");
        }
        Ok(taken.is_empty())
    }

    /// Inspects the resting orders here and now, and returns those to be executed.
    async fn inspect(&self, due: Vec<DueOrder>) -> Vec<OrderId> {
        let (resting, in_flight): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|due| due.action == DueAction::Inspect);
        stream::iter(resting)
            .for_each_concurrent(INSPECTED_AT_ONCE, |due| async move {
                self.slots.inspect(due.id).await;
            })
            .await;
        in_flight.into_iter().map(|due| due.id).collect()
    }

    /// Orders that can be delivered now.
    async fn room(&self) -> usize {
        match self.ask_queue(self.queue.state()).await {
            Some(state) if self.consumer.is_consuming() => state.room(),
            _ => self.slots.free(),
        }
    }

    /// `None` while the queue cannot be reached.
    async fn ask_queue<T>(&self, call: impl Future<Output = Result<T, QueueError>>) -> Option<T> {
        match timeout(QUEUE_WITHIN, call).await {
            Ok(Ok(answer)) => {
                self.queue_outage.over();
                Some(answer)
            }
            Ok(Err(error)) => {
                self.queue_outage.failed(error);
                None
            }
            Err(_) => {
                self.queue_outage.failed(format_args!("no answer within {} s", QUEUE_WITHIN.as_secs()));
                None
            }
        }
    }
}

fn count(name: &'static str, orders: usize) {
    counter!(name).increment(u64::try_from(orders).unwrap_or(u64::MAX));
}

#[cfg(test)]
mod tests;
