//! Determines the outcome of an attempt. Only the chain knows it, and until it has answered there is
//! no new attempt.

use std::time::Duration;

use domain::{
    Amount, Failure, FailureCode, Fill, ProgramError, QuoteRequest,
    ports::{Attempt, AttemptChange, AttemptState, ChainError, TransactionStatus},
};
use tokio::time::Instant;
use tracing::{Instrument, debug_span};

use super::{AttemptEnd, Executor, Interruption};
use crate::progress::Progress;

/// The wait before a chain without a usable answer is asked again.
const UNREACHABLE_PAUSE: Duration = Duration::from_millis(500);

impl Executor {
    /// Sends an attempt that was just written and waits for its outcome.
    pub(super) async fn send_and_settle(
        &self,
        attempt: &Attempt,
        request: &QuoteRequest,
        progress: &Progress,
    ) -> Result<AttemptEnd, Interruption> {
        self.send_on_record(attempt, progress).await;
        self.settle(attempt, request, self.policy.rebroadcast_interval, progress)
            .instrument(debug_span!("settle"))
            .await
    }

    /// Settles an attempt that an earlier claim left behind: it may never have been sent.
    pub(super) async fn settle_inherited(
        &self,
        attempt: &Attempt,
        request: &QuoteRequest,
        progress: &Progress,
    ) -> Result<AttemptEnd, Interruption> {
        tracing::info!(attempt = attempt.number, "settling an inherited attempt");
        self.settle(attempt, request, Duration::ZERO, progress).instrument(debug_span!("settle")).await
    }

    /// Waits until the chain knows, sending the same bytes again while it does not. `patience` is
    /// the first wait; after it the attempt counts as not yet arrived.
    ///
    /// A chain that gives no usable answer for too long must not keep the slots of its worker: the order is put
    /// aside, its attempt unresolved, and the next claim continues here.
    async fn settle(
        &self,
        attempt: &Attempt,
        request: &QuoteRequest,
        mut patience: Duration,
        progress: &Progress,
    ) -> Result<AttemptEnd, Interruption> {
        let mut answered = Instant::now();
        loop {
            match self.look(attempt, request, patience, progress).await {
                Ok(Some(end)) => return Ok(end),
                Ok(None) => answered = Instant::now(),
                Err(error) => {
                    let silent_for = answered.elapsed();
                    if silent_for >= self.policy.settle_patience {
                        return Err(Interruption::Unsettled(error));
                    }
                    tracing::warn!(%error, "cannot determine the outcome of the transaction; it stays submitted");
                    let pause = match error {
                        ChainError::RateLimited { retry_after } => retry_after.max(UNREACHABLE_PAUSE),
                        ChainError::Lagging(_) => self.policy.rebroadcast_interval.max(UNREACHABLE_PAUSE),
                        _ => UNREACHABLE_PAUSE,
                    };
                    tokio::time::sleep(pause).await;
                }
            }
            patience = self.policy.rebroadcast_interval;
        }
    }

    /// How the attempt ended; `None` while it may still land.
    async fn look(
        &self,
        attempt: &Attempt,
        request: &QuoteRequest,
        patience: Duration,
        progress: &Progress,
    ) -> Result<Option<AttemptEnd>, ChainError> {
        let mut status = self.await_status(&attempt.transaction, patience, progress).await?;
        if status == TransactionStatus::Expired {
            status = self.second_opinion(attempt, progress).await?;
        }
        Ok(match status {
            TransactionStatus::Landed(landed) => {
                let fill = Fill::of(request, attempt.venue, &attempt.transaction.signature, &landed)
                    .map_err(|error| ChainError::Refused(format!("{error}: {landed:?}")))?;
                let change = resolved(attempt, AttemptState::Landed, landed.network_fee);
                Some(AttemptEnd::Landed { fill: Box::new(fill), change })
            }
            TransactionStatus::Failed { error, network_fee, .. } => {
                let change = Some(resolved(attempt, AttemptState::Reverted, network_fee));
                Some(AttemptEnd::Failed { failure: self.explain(attempt, error, network_fee), change })
            }
            TransactionStatus::Expired => {
                let change = Some(resolved(attempt, AttemptState::Expired, None));
                Some(AttemptEnd::Failed { failure: expired(attempt), change })
            }
            TransactionStatus::Unknown => {
                self.send_on_record(attempt, progress).await;
                None
            }
        })
    }

    /// The failure that a program's error means. Each venue knows the errors of its own programs.
    fn explain(&self, attempt: &Attempt, error: ProgramError, network_fee: Option<Amount>) -> Failure {
        let code =
            self.venue(attempt.venue).map_or(FailureCode::TransactionReverted, |venue| venue.explain(&error));
        Failure::of_program(attempt.venue, code, error, network_fee)
    }

    /// Sends the bytes on record. A failure says nothing: they may have arrived.
    async fn send_on_record(&self, attempt: &Attempt, progress: &Progress) {
        if let Err(error) = self.send(&attempt.transaction, progress).await {
            tracing::warn!(%error, signature = %attempt.transaction.signature, "sending failed; it may have arrived");
        }
    }

    /// Asks once more whether the transaction has expired, because after this answer another one may be built: a
    /// node that lags behind must not be the only witness. As long as two answers contradict each other neither
    /// counts, or an execution that is told both would never be put aside.
    async fn second_opinion(
        &self,
        attempt: &Attempt,
        progress: &Progress,
    ) -> Result<TransactionStatus, ChainError> {
        match self.status(&attempt.transaction, progress).await? {
            TransactionStatus::Unknown => {
                Err(ChainError::Lagging("its nodes disagree whether the transaction expired".to_owned()))
            }
            status => Ok(status),
        }
    }
}

fn resolved(attempt: &Attempt, state: AttemptState, network_fee: Option<Amount>) -> AttemptChange {
    let signature = attempt.transaction.signature.clone();
    AttemptChange::Resolve { number: attempt.number, signature, state, network_fee }
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
