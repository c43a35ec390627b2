//! Takes an order, keeps it while its execution moves, and gives it back.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use domain::{
    OrderId,
    order::InvalidTransition,
    ports::{ChainError, Fence, StoreError},
};
use futures::FutureExt;
use metrics::counter;
use telemetry::metrics::catalogue;
use tokio_util::sync::CancellationToken;

use super::{ExecutionOutcome, ExecutionPolicy, Executor, calls};
use crate::progress::{Progress, Step};

/// How long an order is left alone whose transaction cannot be settled, because the chain gives no answer.
const SET_ASIDE: Duration = Duration::from_secs(30);

/// Why an execution stopped half-way.
#[derive(Debug, thiserror::Error)]
pub(super) enum Interruption {
    #[error("the lease is lost")]
    LeaseLost,
    #[error("the worker stops")]
    Stopping,
    #[error("no answer for {} ms while it was in step {}", .0.as_millis(), .1.as_str())]
    Stalled(Duration, Step),
    #[error("it panicked; its lease runs out")]
    Panicked,
    #[error("the outcome of the transaction cannot be determined: {0}")]
    Unsettled(ChainError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Lifecycle(#[from] InvalidTransition),
}

impl ExecutionPolicy {
    /// An execution that has had no answer for this long does not move: it has met at least two deadlines
    /// in a row.
    fn stalled_after(&self) -> Duration {
        self.lease + self.quote_deadline.max(self.rebroadcast_interval) + 2 * self.call_deadline
    }
}

impl Executor {
    /// Claims an order and executes it as far as it goes now.
    pub(super) async fn claim_and_proceed(
        &self,
        id: OrderId,
        progress: &Arc<Progress>,
        stop: &CancellationToken,
    ) -> ExecutionOutcome {
        let claimed = calls::store(self.store.claim(id, &self.policy.worker, self.policy.lease)).await;
        let claim = match claimed {
            Ok(Some(claim)) => {
                self.claims.over();
                claim
            }
            Ok(None) => {
                tracing::debug!("not ours to take");
                return ExecutionOutcome::NotClaimed;
            }
            Err(error) => {
                self.claims.failed(error);
                return ExecutionOutcome::Interrupted;
            }
        };
        if claim.is_parked() {
            counter!(catalogue::PARKED_CLAIMS).increment(1);
            tracing::error!(
                lost_claims = claim.lost_claims,
                "parked: too many claims of the order were lost in a row; it may kill its workers"
            );
        }
        let fence = claim.fence;
        progress.answered();
        let ended = tokio::select! {
            biased;
            ended = AssertUnwindSafe(self.proceed(claim, progress)).catch_unwind() => {
                ended.unwrap_or(Err(Interruption::Panicked))
            }
            interruption = self.keep_lease(fence, progress) => Err(interruption),
            () = stop.cancelled() => Err(Interruption::Stopping),
        };
        match ended {
            Ok(outcome) => outcome,
            Err(interruption) => {
                self.interrupted(fence, &interruption).await;
                ExecutionOutcome::Interrupted
            }
        }
    }

    /// Gives the claim back, unless the order itself made the execution fail. What is
    /// given back does not count against the order.
    async fn interrupted(&self, fence: Fence, interruption: &Interruption) {
        let due_after = match interruption {
            Interruption::Stopping => {
                tracing::info!("stopping; giving the claim back");
                Some(Duration::ZERO)
            }
            Interruption::Stalled(..) => {
                counter!(catalogue::EXECUTIONS_STALLED).increment(1);
                tracing::warn!(error = %interruption, "stalled; giving the order to another worker");
                Some(Duration::ZERO)
            }
            Interruption::Unsettled(_) => {
                counter!(catalogue::EXECUTIONS_UNSETTLED).increment(1);
                tracing::warn!(error = %interruption, "putting the order aside; the next claim settles it");
                Some(SET_ASIDE)
            }
            // not at once: a store that takes claims but no events would be asked without pause
            Interruption::Store(_) => {
                tracing::warn!(error = %interruption, "interrupted; the next claim continues");
                Some(self.policy.lease)
            }
            Interruption::LeaseLost => {
                counter!(catalogue::LEASE_LOSSES).increment(1);
                tracing::warn!(error = %interruption, "interrupted; the next claim continues");
                None
            }
            Interruption::Panicked | Interruption::Lifecycle(_) => {
                tracing::error!(error = %interruption, "execution failed; its lease runs out");
                None
            }
        };
        let Some(due_after) = due_after else { return };
        if let Err(error) = calls::store(self.store.release(fence, due_after)).await {
            tracing::warn!(%error, "cannot give the claim back; its lease runs out");
        }
    }

    /// Renews the lease while the execution moves, until it is lost or nothing has moved for too long. A
    /// store that does not answer is no proof of a lost lease: every write is fenced, so going on is safe.
    async fn keep_lease(&self, fence: Fence, progress: &Progress) -> Interruption {
        loop {
            tokio::time::sleep(self.policy.lease / 3).await;
            let silent_for = progress.silent_for();
            if silent_for > self.policy.stalled_after() {
                return Interruption::Stalled(silent_for, progress.step());
            }
            let renewal = self.store.renew(fence, self.policy.lease);
            match tokio::time::timeout(self.policy.lease, renewal).await {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => return Interruption::LeaseLost,
                Ok(Err(error)) => tracing::debug!(%error, "cannot renew the lease"),
                Err(_) => tracing::debug!("the store does not answer; the lease may run out"),
            }
        }
    }
}
