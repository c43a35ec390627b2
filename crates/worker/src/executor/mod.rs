//! Executes one order: claim it, settle what an earlier claim left open, otherwise make an attempt;
//! then confirm, retry or fail.
//!
//! It may be cut off at any await. What makes that safe: nothing is sent before its attempt is on
//! record, every write carries the fence of the claim, and the next claim settles the open
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
    Event, EventData, Failure, FailureClass, Fill, Order, OrderId, Phase, Timestamp,
    backoff::RetryPolicy,
    order::Withdrawal,
    ports::{
        AttemptChange, Chain, ChainCosts, Claim, ClaimAction, Clock, EventBus, ExecutionStore, Signer,
        Tokens, Venue,
    },
};
use journal::{Journal, Recorded};
use metrics::counter;
use rand_chacha::ChaCha8Rng;
use telemetry::{Outage, metrics::catalogue};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use claim::Interruption;

use crate::progress::{Progress, RunningExecutions};

/// When an order that rests and does not expire is looked at again.
const NO_EXPIRY: Duration = Duration::from_hours(1);

/// Events read at once to find where an attempt began.
const EVENTS_AT_ONCE: u32 = 16;

/// What an execution needs.
pub struct Executor {
    pub store: Arc<dyn ExecutionStore>,
    pub bus: Arc<dyn EventBus>,
    pub venues: Vec<Arc<dyn Venue>>,
    /// For messages.
    pub tokens: Arc<dyn Tokens>,
    pub chain: Arc<dyn Chain>,
    pub costs: ChainCosts,
    pub signer: Arc<dyn Signer>,
    pub clock: Arc<dyn Clock>,
    pub rng: Mutex<ChaCha8Rng>,
    pub policy: ExecutionPolicy,
    pub(crate) executions: Arc<RunningExecutions>,
    pub(crate) claims: Outage,
}

/// The limits of an execution.
#[derive(Debug, Clone)]
pub struct ExecutionPolicy {
    pub worker: String,
    /// How long a claim holds without being renewed.
    pub lease: Duration,
    /// How often an order is tried.
    pub retry: RetryPolicy,
    /// How long the venues may take to quote.
    pub quote_deadline: Duration,
    /// How long any other call of a venue or the chain may take.
    pub call_deadline: Duration,
    /// How often a transaction that has not landed is sent again.
    pub rebroadcast_interval: Duration,
    /// How long an attempt may wait for what cannot be reached, before its order fails.
    pub outage_deadline: Duration,
    /// How long a worker polls for the outcome of a transaction before it puts the order aside.
    pub settle_patience: Duration,
}

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ExecutionOutcome {
    /// The order was not ours to take: terminal, claimed by another, or not due. Duplicates and
    /// late deliveries end here.
    NotClaimed,
    /// The swap landed.
    Confirmed,
    /// The order failed for good.
    Failed,
    /// The owner canceled the order.
    Canceled,
    /// The order's time ran out.
    Expired,
    /// The attempt failed; the order is due again after a wait.
    Retrying,
    /// A venue, the chain or the signer cannot be reached; the attempt restarts after a wait.
    Waiting,
    /// The order rests, and there was nothing to do.
    Rests,
    /// The execution stopped half-way; the next claim continues it.
    Interrupted,
}

impl ExecutionOutcome {
    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How an attempt ended, and the change of its record.
enum AttemptEnd {
    Landed {
        fill: Box<Fill>,
        change: AttemptChange,
    },
    Failed {
        failure: Failure,
        change: Option<AttemptChange>,
    },
    /// It was not submitted: the order was canceled or expired.
    Withdrawn(Withdrawal),
}

impl Executor {
    /// Executes an order as far as it goes now. Never fails: whatever stops it is logged, and the
    /// order stays due. On `stop` the claim is given back at once, wherever the execution is.
    pub async fn execute(&self, id: OrderId, stop: &CancellationToken) -> ExecutionOutcome {
        let span = tracing::info_span!("execute", order_id = %id);
        telemetry::join(&span, id);
        let execution = self.executions.begin();
        let outcome = self.claim_and_proceed(id, &execution.progress, stop).instrument(span).await;
        counter!(catalogue::EXECUTIONS, "outcome" => outcome.as_str()).increment(1);
        outcome
    }

    async fn proceed(
        &self,
        claim: Claim,
        progress: &Arc<Progress>,
    ) -> Result<ExecutionOutcome, Interruption> {
        if claim.order.status.phase() == Phase::Resting {
            return self.inspect(claim, progress).await;
        }
        let mut journal =
            Journal::open(&self.store, &self.bus, &self.clock, claim.fence, claim.order, progress.clone());
        let end = match claim.unresolved {
            Some(attempt) => {
                let request = journal.order().spec.request;
                self.settle_inherited(&attempt, &request, progress).await?
            }
            None => self.attempt(&mut journal).await?,
        };
        self.conclude(&mut journal, end).await
    }

    /// Writes how the attempt ended and what follows from it.
    async fn conclude(
        &self,
        journal: &mut Journal,
        end: AttemptEnd,
    ) -> Result<ExecutionOutcome, Interruption> {
        let (failure, change) = match end {
            AttemptEnd::Landed { fill, change } => {
                tracing::info!(venue = %fill.venue, signature = %fill.signature, price = %fill.executed_price, "confirmed");
                let after_expiry = journal.order().is_expired_at(self.clock.now());
                let confirmed = EventData::Confirmed { fill: *fill, after_expiry };
                journal.commit(confirmed, Some(change), ClaimAction::Finish).await?;
                return Ok(ExecutionOutcome::Confirmed);
            }
            AttemptEnd::Withdrawn(withdrawal) => {
                return self.withdraw(journal, withdrawal, None, None).await;
            }
            AttemptEnd::Failed { failure, change } => (failure, change),
        };
        let attempt = journal.order().attempt;
        let class = failure.code.class();
        if class == FailureClass::Outage
            && let Some(waited) = self.may_wait(journal.order()).await?
        {
            return self.wait(journal, failure, waited).await;
        }
        let may_retry = class == FailureClass::Transient && self.policy.retry.allows_another(attempt);
        if !may_retry {
            tracing::warn!(attempt, code = ?failure.code, error = %failure, "failed");
            journal.commit(EventData::Failed { failure }, change, ClaimAction::Finish).await?;
            return Ok(ExecutionOutcome::Failed);
        }
        if let Some(withdrawal) = Withdrawal::of(journal.order(), self.clock.now()) {
            return self.withdraw(journal, withdrawal, Some(failure), change).await;
        }
        let delay = {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            self.policy.retry.backoff.delay(attempt, &mut *rng)
        };
        let now = self.clock.now();
        let delay = until_expiry(journal.order(), now, delay);
        tracing::info!(attempt, code = ?failure.code, error = %failure, ?delay, "retrying");
        let retrying = EventData::Retrying { failure: failure.clone(), next_attempt_at: now + delay };
        match journal.commit(retrying, change.clone(), ClaimAction::RetryAfter(delay)).await? {
            Recorded::Durable => Ok(ExecutionOutcome::Retrying),
            Recorded::CancelRequested(request) => {
                self.withdraw(journal, Withdrawal::Canceled(request), Some(failure), change).await
            }
        }
    }

    /// How long the attempt under way has lasted already, if it may go on waiting for what cannot be reached.
    async fn may_wait(&self, order: &Order) -> Result<Option<Duration>, Interruption> {
        // it is not there yet if nothing had to be waited for
        let began = self.attempt_began(order).await?.unwrap_or(order.updated_at);
        let waited = self.clock.now().max(order.updated_at).since(began);
        Ok((waited < self.policy.outage_deadline).then_some(waited))
    }

    /// When the attempt under way began, if that is stored. It reads no further than there, since every wait of
    /// the attempt adds events behind it.
    async fn attempt_began(&self, order: &Order) -> Result<Option<Timestamp>, Interruption> {
        let mut after = 0;
        loop {
            let read = self.store.events(order.account, order.id, after, EVENTS_AT_ONCE);
            let events = calls::store(read).await?;
            let is_begin = |event: &&Event| {
                event.attempt == order.attempt && matches!(event.data, EventData::RoutingStarted)
            };
            if let Some(begin) = events.iter().find(is_begin) {
                return Ok(Some(begin.at));
            }
            let Some(last) = events.last() else { return Ok(None) };
            after = last.seq;
        }
    }

    /// Begins the attempt again later. It uses up none, and the waits grow with how long it has lasted.
    async fn wait(
        &self,
        journal: &mut Journal,
        failure: Failure,
        waited: Duration,
    ) -> Result<ExecutionOutcome, Interruption> {
        if let Some(withdrawal) = Withdrawal::of(journal.order(), self.clock.now()) {
            return self.withdraw(journal, withdrawal, Some(failure), None).await;
        }
        let delay = {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            self.policy.retry.backoff.delay_after(waited, &mut *rng)
        };
        let left = self.policy.outage_deadline.saturating_sub(waited);
        let now = self.clock.now();
        let delay = until_expiry(journal.order(), now, delay.min(left));
        tracing::warn!(code = ?failure.code, error = %failure, ?delay, "waiting");
        let waiting = EventData::Waiting { failure: failure.clone(), until: now + delay };
        match journal.commit(waiting, None, ClaimAction::RetryAfter(delay)).await? {
            Recorded::Durable => Ok(ExecutionOutcome::Waiting),
            Recorded::CancelRequested(request) => {
                self.withdraw(journal, Withdrawal::Canceled(request), Some(failure), None).await
            }
        }
    }

    /// Ends an order that its owner no longer wants.
    async fn withdraw(
        &self,
        journal: &mut Journal,
        withdrawal: Withdrawal,
        failure: Option<Failure>,
        change: Option<AttemptChange>,
    ) -> Result<ExecutionOutcome, Interruption> {
        tracing::info!(?withdrawal, "withdrawn");
        let end = withdrawal.event(journal.order(), failure);
        journal.commit(end, change, ClaimAction::Finish).await?;
        Ok(match withdrawal {
            Withdrawal::Canceled(_) => ExecutionOutcome::Canceled,
            Withdrawal::Expired(_) => ExecutionOutcome::Expired,
        })
    }

    /// Inspects a resting order. It is due because it has expired, or because the process that canceled it did
    /// not finish.
    async fn inspect(
        &self,
        claim: Claim,
        progress: &Arc<Progress>,
    ) -> Result<ExecutionOutcome, Interruption> {
        let now = self.clock.now();
        let Some(withdrawal) = Withdrawal::of(&claim.order, now) else {
            let due_after = claim.order.spec.expires_at.map_or(NO_EXPIRY, |expires_at| expires_at.since(now));
            calls::store(self.store.release(claim.fence, due_after)).await?;
            return Ok(ExecutionOutcome::Rests);
        };
        let mut journal =
            Journal::open(&self.store, &self.bus, &self.clock, claim.fence, claim.order, progress.clone());
        self.withdraw(&mut journal, withdrawal, None, None).await
    }
}

/// An order that expires before its next attempt is due when it expires.
fn until_expiry(order: &Order, now: Timestamp, delay: Duration) -> Duration {
    order.spec.expires_at.map_or(delay, |expires_at| delay.min(expires_at.since(now)))
}

#[cfg(test)]
pub(crate) mod tests;
