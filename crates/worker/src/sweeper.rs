//! Finds due orders and brings them to the queue: those whose push was lost, whose wait before the
//! next attempt is over, or whose worker died. One mechanism for all three.

use std::{sync::Arc, time::Duration};

use domain::{
    OrderId,
    ports::{JobQueue, OrderStore},
};
use infra::metrics::catalogue;
use metrics::counter;
use tokio_util::sync::CancellationToken;

/// Orders taken in one go at most; bounds a statement's size.
const BATCH: usize = 500;

/// Looks for due orders. Every worker has one; together they share the work.
pub struct Sweeper {
    /// Where due orders are found.
    pub store: Arc<dyn OrderStore>,
    /// Where they go.
    pub queue: Arc<dyn JobQueue>,
    /// How often it looks.
    pub interval: Duration,
    /// How long an order may wait in the queue before it counts as lost there.
    pub redeliver_after: Duration,
}

impl Sweeper {
    /// Sweeps until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        let mut taken = Vec::new();
        let _ = stop
            .run_until_cancelled(async {
                loop {
                    match self.sweep(&mut taken).await {
                        Ok(true) => {} // more are due
                        Ok(false) => tokio::time::sleep(self.interval).await,
                        Err(error) => {
                            tracing::warn!(%error, "cannot sweep");
                            tokio::time::sleep(self.interval).await;
                        }
                    }
                }
            })
            .await;
    }

    /// Moves due orders to the queue as far as it has room. Returns whether more may be due and fit.
    ///
    /// The room may be gone between the look and the push. What the queue did not take stays in
    /// `taken` for the next time: in the store it is due again only after `redeliver_after`, which
    /// is what brings it back when this process dies.
    async fn sweep(&self, taken: &mut Vec<OrderId>) -> anyhow::Result<bool> {
        if taken.is_empty() {
            let wanted = self.queue.state().await?.room().min(BATCH);
            if wanted == 0 {
                return Ok(false);
            }
            *taken = self.store.take_due(u32::try_from(wanted)?, self.redeliver_after).await?;
            counter!(catalogue::SWEEPER_DUE).increment(u64::try_from(taken.len())?);
        }
        if taken.is_empty() {
            return Ok(false);
        }
        let pushed = self.queue.push(taken).await?;
        counter!(catalogue::SWEEPER_PUSHED).increment(u64::try_from(pushed)?);
        tracing::debug!(due = taken.len(), pushed, "swept");
        taken.drain(..pushed);
        Ok(taken.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use domain::ports::{QueueError, QueueState};
    use infra::clock::SystemClock;
    use testkit::{MemoryStore, samples};

    use super::*;

    /// Says that it has room for all, and takes at most so many of every push.
    struct Crowded {
        takes: usize,
        entries: Mutex<Vec<OrderId>>,
    }

    #[async_trait]
    impl JobQueue for Crowded {
        async fn push(&self, orders: &[OrderId]) -> Result<usize, QueueError> {
            let taken = orders.len().min(self.takes);
            self.entries.lock().unwrap().extend(&orders[..taken]);
            Ok(taken)
        }

        async fn state(&self) -> Result<QueueState, QueueError> {
            Ok(QueueState { waiting: 0, capacity: BATCH, workers: 1 })
        }
    }

    #[tokio::test]
    async fn what_the_queue_does_not_take_goes_first_the_next_time_not_after_the_redelivery() {
        let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
        for _ in 0..5 {
            let mut acceptance = samples::acceptance();
            acceptance.grace = Duration::ZERO;
            store.accept(acceptance).await.unwrap();
        }
        let queue = Arc::new(Crowded { takes: 2, entries: Mutex::default() });
        let day = Duration::from_hours(24);
        let sweeper = Sweeper { store, queue: queue.clone(), interval: day, redeliver_after: day };

        let mut taken = Vec::new();
        assert!(!sweeper.sweep(&mut taken).await.unwrap(), "the queue is full");
        assert!(!sweeper.sweep(&mut taken).await.unwrap(), "the queue is full");
        assert!(sweeper.sweep(&mut taken).await.unwrap(), "all of them fitted");
        assert!(!sweeper.sweep(&mut taken).await.unwrap(), "nothing is due");
        let mut entries = queue.entries.lock().unwrap().clone();
        entries.sort_unstable();
        entries.dedup();
        assert_eq!(entries.len(), 5);
    }
}
