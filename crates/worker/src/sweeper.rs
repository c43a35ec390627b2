//! Finds due orders and brings them to the queue: those whose push was lost, whose wait before the
//! next attempt is over, or whose worker died. One mechanism for all three.

use std::{sync::Arc, time::Duration};

use domain::ports::{JobQueue, OrderStore};
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
        let _ = stop
            .run_until_cancelled(async {
                loop {
                    match self.sweep().await {
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

    /// Moves due orders to the queue as far as it has room. Returns whether more may be due and
    /// fit. An order that was taken and not pushed is due again after `redeliver_after`.
    ///
    /// # Errors
    /// When store or queue cannot be reached.
    pub async fn sweep(&self) -> anyhow::Result<bool> {
        let wanted = self.queue.room().await?.min(BATCH);
        if wanted == 0 {
            return Ok(false);
        }
        let limit = u32::try_from(wanted)?;
        let due = self.store.take_due(limit, self.redeliver_after).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let pushed = self.queue.push(&due).await?;
        tracing::debug!(due = due.len(), pushed, "swept");
        Ok(pushed == wanted)
    }
}
