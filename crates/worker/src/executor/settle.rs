//! Finding out what became of an attempt. Only the chain knows, and until it has said so there is
//! no new attempt.

use std::time::Duration;

use domain::{
    Failure, FailureCode,
    ports::{Attempt, AttemptChange, AttemptState, TransactionStatus},
};

use tracing::{Instrument, debug_span};

use super::{AttemptEnd, Executor};
use crate::progress::Progress;

/// The wait before an unreachable chain is asked again.
const UNREACHABLE_PAUSE: Duration = Duration::from_millis(500);

impl Executor {
    /// Sends an attempt that was just written and waits for what becomes of it.
    pub(super) async fn send_and_settle(&self, attempt: &Attempt, progress: &Progress) -> AttemptEnd {
        self.send_on_record(attempt, progress).await;
        self.settle(attempt, self.policy.rebroadcast_interval, progress)
            .instrument(debug_span!("settle"))
            .await
    }

    /// Settles an attempt that an earlier claim left behind: it may never have been sent.
    pub(super) async fn settle_inherited(&self, attempt: &Attempt, progress: &Progress) -> AttemptEnd {
        tracing::info!(attempt = attempt.number, "settling an inherited attempt");
        self.settle(attempt, Duration::ZERO, progress).instrument(debug_span!("settle")).await
    }

    /// Waits until the chain knows, sending the same bytes again while it does not. `patience` is
    /// the first wait; after it the attempt counts as not yet arrived.
    async fn settle(&self, attempt: &Attempt, mut patience: Duration, progress: &Progress) -> AttemptEnd {
        loop {
            match self.await_status(&attempt.transaction, patience, progress).await {
                Ok(TransactionStatus::Landed(fill)) => {
                    return AttemptEnd::Landed { fill, change: resolved(attempt, AttemptState::Landed) };
                }
                Ok(TransactionStatus::Reverted(failure)) => {
                    let change = Some(resolved(attempt, AttemptState::Reverted));
                    return AttemptEnd::Failed { failure, change };
                }
                Ok(TransactionStatus::Expired) if self.is_expired_still(attempt, progress).await => {
                    let change = Some(resolved(attempt, AttemptState::Expired));
                    return AttemptEnd::Failed { failure: expired(attempt), change };
                }
                Ok(TransactionStatus::Expired) => {}
                Ok(TransactionStatus::Unknown) => self.send_on_record(attempt, progress).await,
                Err(error) => {
                    tracing::warn!(%error, "cannot learn what became of the transaction; it stays submitted");
                    tokio::time::sleep(UNREACHABLE_PAUSE).await;
                }
            }
            patience = self.policy.rebroadcast_interval;
        }
    }

    /// Sends the bytes on record. A failure says nothing: they may have arrived.
    async fn send_on_record(&self, attempt: &Attempt, progress: &Progress) {
        if let Err(error) = self.send(&attempt.transaction, progress).await {
            tracing::warn!(%error, signature = %attempt.transaction.signature, "sending failed; it may have arrived");
        }
    }

    /// Asks once more, because after this answer a second transaction may be built: a node that
    /// lags behind must not be the only witness.
    async fn is_expired_still(&self, attempt: &Attempt, progress: &Progress) -> bool {
        let status = self.status(&attempt.transaction, progress).await;
        matches!(status, Ok(TransactionStatus::Expired))
    }
}

fn resolved(attempt: &Attempt, state: AttemptState) -> AttemptChange {
    AttemptChange::Resolve { number: attempt.number, signature: attempt.transaction.signature.clone(), state }
}

fn expired(attempt: &Attempt) -> Failure {
    Failure::at(
        attempt.venue,
        FailureCode::TransactionExpired,
        format!(
            "the transaction did not land before block height {}",
            attempt.transaction.last_valid_block_height
        ),
    )
}
