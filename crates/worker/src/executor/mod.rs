//! Executes one order: claim it, settle what an earlier claim left open, otherwise make an attempt;
//! then confirm, retry or fail.
//!
//! It may be cut off at any await. What makes that safe: nothing is sent before its attempt is on
//! record, every write carries the fence of the claim, and whoever claims next settles the open
//! attempt first.

mod attempt;
pub(crate) mod calls;
mod claim;
mod journal;
mod settle;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    EventData, Failure, FailureClass, Fill, OrderId,
    backoff::RetryPolicy,
    ports::{AttemptChange, Chain, Claim, ClaimAction, Clock, EventBus, OrderStore, Venue},
};
use infra::{metrics::catalogue, outage::Outage, trace};
use journal::Journal;
use metrics::counter;
use rand_chacha::ChaCha8Rng;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use claim::Interruption;

use crate::progress::{Executions, Progress};

/// What an execution needs.
pub struct Executor {
    /// The truth.
    pub store: Arc<dyn OrderStore>,
    /// Where committed events are announced.
    pub bus: Arc<dyn EventBus>,
    /// Who is asked for quotes.
    pub venues: Vec<Arc<dyn Venue>>,
    /// Where transactions go.
    pub chain: Arc<dyn Chain>,
    /// The time events happen at.
    pub clock: Arc<dyn Clock>,
    /// Jitter of the back-off.
    pub rng: Mutex<ChaCha8Rng>,
    /// Its limits.
    pub policy: ExecutionPolicy,
    /// What executes now.
    pub(crate) executions: Arc<Executions>,
    /// Whether orders can be claimed.
    pub(crate) claims: Outage,
}

/// The limits of an execution.
#[derive(Debug, Clone)]
pub struct ExecutionPolicy {
    /// Who claims; shown to operators.
    pub worker: String,
    /// How long a claim holds without a sign of life.
    pub lease: Duration,
    /// How often an order is tried.
    pub retry: RetryPolicy,
    /// How long the venues may take to quote.
    pub quote_deadline: Duration,
    /// How long any other call of a venue or the chain may take.
    pub call_deadline: Duration,
    /// How often a transaction that has not landed is sent again.
    pub rebroadcast_interval: Duration,
}

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The order was not ours to take: terminal, claimed by another, or not due. Duplicates and
    /// late deliveries end here.
    NotClaimed,
    /// The swap landed.
    Confirmed,
    /// The order failed for good.
    Failed,
    /// The attempt failed; the order is due again after a wait.
    Retrying,
    /// The execution stopped half-way; whoever claims the order next goes on.
    Interrupted,
}

impl Outcome {
    /// The name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotClaimed => "not_claimed",
            Self::Confirmed => "confirmed",
            Self::Failed => "failed",
            Self::Retrying => "retrying",
            Self::Interrupted => "interrupted",
        }
    }
}

/// How an attempt ended, with what the attempt record must record of it.
enum AttemptEnd {
    Landed { fill: Fill, change: AttemptChange },
    Failed { failure: Failure, change: Option<AttemptChange> },
}

impl Executor {
    /// Executes an order as far as it goes now. Never fails: whatever stops it is logged, and the
    /// order stays due. On `stop` the claim is given back at once, wherever the execution is.
    pub async fn execute(&self, id: OrderId, stop: &CancellationToken) -> Outcome {
        let span = tracing::info_span!("execute", order_id = %id);
        trace::join(&span, id);
        let execution = self.executions.begin();
        let outcome = self.claim_and_proceed(id, &execution.progress, stop).instrument(span).await;
        counter!(catalogue::EXECUTIONS, "outcome" => outcome.as_str()).increment(1);
        outcome
    }

    async fn proceed(&self, claim: Claim, progress: &Arc<Progress>) -> Result<Outcome, Interruption> {
        let mut journal =
            Journal::open(&self.store, &self.bus, &self.clock, claim.fence, claim.order, progress.clone());
        let end = match claim.unresolved {
            Some(attempt) => self.settle_inherited(&attempt, progress).await,
            None => self.attempt(&mut journal).await?,
        };
        self.conclude(&mut journal, end).await
    }

    /// Writes how the attempt ended and what follows from it.
    async fn conclude(&self, journal: &mut Journal, end: AttemptEnd) -> Result<Outcome, Interruption> {
        let (failure, change) = match end {
            AttemptEnd::Landed { fill, change } => {
                tracing::info!(venue = %fill.venue, signature = %fill.signature, price = %fill.executed_price, "confirmed");
                journal.commit(EventData::Confirmed { fill }, Some(change), ClaimAction::Finish).await?;
                return Ok(Outcome::Confirmed);
            }
            AttemptEnd::Failed { failure, change } => (failure, change),
        };
        let attempt = journal.order().attempt;
        let may_retry =
            failure.code.class() == FailureClass::Transient && self.policy.retry.allows_another(attempt);
        if !may_retry {
            tracing::warn!(attempt, code = ?failure.code, error = %failure, "failed");
            journal.commit(EventData::Failed { failure }, change, ClaimAction::Finish).await?;
            return Ok(Outcome::Failed);
        }
        let delay = {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            self.policy.retry.delay(attempt, &mut *rng)
        };
        tracing::info!(attempt, code = ?failure.code, error = %failure, ?delay, "retrying");
        let next_attempt_at = self.clock.now() + delay;
        journal
            .commit(EventData::Retrying { failure, next_attempt_at }, change, ClaimAction::RetryAfter(delay))
            .await?;
        Ok(Outcome::Retrying)
    }
}

#[cfg(test)]
pub(crate) mod tests;
