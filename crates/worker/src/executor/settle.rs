//! Finding out what became of an attempt. Only the chain knows, and until it has said so there is
//! no new attempt.

use std::time::Duration;

use domain::{
    Failure, FailureCode,
    ports::{Attempt, AttemptState, LedgerEntry, TransactionStatus},
};

use tracing::{Instrument, debug_span};

use super::{AttemptEnd, Executor};

/// The wait before an unreachable chain is asked again.
const UNREACHABLE_PAUSE: Duration = Duration::from_millis(500);

impl Executor {
    /// Sends an attempt that was just written and waits for what becomes of it.
    pub(super) async fn send_and_settle(&self, attempt: &Attempt) -> AttemptEnd {
        self.send(attempt).await;
        self.settle(attempt, self.policy.rebroadcast_interval).instrument(debug_span!("settle")).await
    }

    /// Settles an attempt that an earlier claim left behind: it may never have been sent.
    pub(super) async fn settle_inherited(&self, attempt: &Attempt) -> AttemptEnd {
        tracing::info!(attempt = attempt.number, "settling an inherited attempt");
        self.settle(attempt, Duration::ZERO).instrument(debug_span!("settle")).await
    }

    /// Waits until the chain knows, sending the same bytes again while it does not. `patience` is
    /// the first wait; after it the attempt counts as not yet arrived.
    async fn settle(&self, attempt: &Attempt, mut patience: Duration) -> AttemptEnd {
        let signature = &attempt.transaction.signature;
        let last_valid = attempt.transaction.last_valid_block_height;
        loop {
            match self.chain.await_status(signature, last_valid, patience).await {
                Ok(TransactionStatus::Landed(fill)) => {
                    return AttemptEnd::Landed { fill, ledger: resolved(attempt, AttemptState::Landed) };
                }
                Ok(TransactionStatus::Reverted(failure)) => {
                    let ledger = Some(resolved(attempt, AttemptState::Reverted));
                    return AttemptEnd::Failed { failure, ledger };
                }
                Ok(TransactionStatus::Expired) if self.is_expired_still(attempt).await => {
                    let ledger = Some(resolved(attempt, AttemptState::Expired));
                    return AttemptEnd::Failed { failure: expired(attempt), ledger };
                }
                Ok(TransactionStatus::Expired) => {}
                Ok(TransactionStatus::Unknown) => self.send(attempt).await,
                Err(error) => {
                    tracing::warn!(%error, "cannot learn what became of the transaction; it stays submitted");
                    tokio::time::sleep(UNREACHABLE_PAUSE).await;
                }
            }
            patience = self.policy.rebroadcast_interval;
        }
    }

    /// Sends the bytes on record. A failure says nothing: they may have arrived.
    async fn send(&self, attempt: &Attempt) {
        if let Err(error) = self.chain.send(&attempt.transaction).await {
            tracing::warn!(%error, signature = %attempt.transaction.signature, "sending failed; it may have arrived");
        }
    }

    /// Asks once more, because after this answer a second transaction may be built: a node that
    /// lags behind must not be the only witness.
    async fn is_expired_still(&self, attempt: &Attempt) -> bool {
        let transaction = &attempt.transaction;
        let status = self.chain.status(&transaction.signature, transaction.last_valid_block_height).await;
        matches!(status, Ok(TransactionStatus::Expired))
    }
}

fn resolved(attempt: &Attempt, state: AttemptState) -> LedgerEntry {
    LedgerEntry::Resolve { number: attempt.number, signature: attempt.transaction.signature.clone(), state }
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
