//! One attempt: ask the venues, choose, build, sign, write ahead, send.

use domain::{
    EventData, Failure, FailureCode, Swap,
    ports::{Attempt, AttemptChange, AttemptState, ClaimAction},
    routing::{RoutingDecision, route},
    swap::{SignedTransaction, SlippageBound},
};

use tracing::{Instrument, debug_span};

use super::{AttemptEnd, Executor, Interruption, journal::Journal};
use crate::{metrics, progress::Step};

impl Executor {
    /// Makes a new attempt. There must be no unresolved one.
    pub(super) async fn attempt(&self, journal: &mut Journal) -> Result<AttemptEnd, Interruption> {
        journal.record(EventData::RoutingStarted)?;
        let prepared = match self.prepare(journal).await? {
            Ok(prepared) => prepared,
            Err(failure) => return Ok(AttemptEnd::Failed { failure, change: None }),
        };
        let attempt = self.write_ahead(journal, prepared).await?;
        Ok(self.send_and_settle(&attempt, journal.progress()).await)
    }

    /// Everything up to the signature. Nothing is sent yet, so a failure leaves nothing behind.
    async fn prepare(
        &self,
        journal: &mut Journal,
    ) -> Result<Result<(Swap, SignedTransaction), Failure>, Interruption> {
        let spec = journal.order().spec.clone();
        let deadline = self.policy.quote_deadline;
        let asked = venues::quote_all(&self.venues, &spec.request, deadline).instrument(debug_span!("quote"));
        journal.progress().enter(Step::Quote);
        let answers = journal.during(asked).await?;
        journal.progress().answered();
        metrics::answered(&answers);
        let decision = match route(spec.request.amount, answers) {
            Ok(decision) => decision,
            Err(failure) => return Ok(Err(failure)),
        };
        tracing::info!(venue = %decision.venue, reason = decision.reason, "routed");
        let Some(quote) = decision.best() else {
            return Ok(Err(Failure::new(FailureCode::QuotesUnavailable, "the winning quote is missing")));
        };
        let swap = Swap {
            venue: decision.venue,
            request: spec.request,
            bound: SlippageBound::around(quote, spec.request.amount, spec.slippage_bps),
        };
        self.build(journal, swap, decision).await
    }

    async fn build(
        &self,
        journal: &mut Journal,
        swap: Swap,
        decision: RoutingDecision,
    ) -> Result<Result<(Swap, SignedTransaction), Failure>, Interruption> {
        journal.record(EventData::Routed { decision: Box::new(decision) })?;
        let Some(venue) = self.venues.iter().find(|venue| venue.id() == swap.venue) else {
            return Ok(Err(Failure::at(swap.venue, FailureCode::BuildFailed, "the venue is gone")));
        };
        let progress = journal.progress().clone();
        let built = journal.during(self.build_at(venue.as_ref(), &swap, &progress)).await?;
        let instructions = match built {
            Ok(instructions) => instructions,
            Err(failure) => return Ok(Err(failure)),
        };
        journal.record(EventData::Building { venue: swap.venue, bound: swap.bound, instructions })?;
        let signed = journal.during(self.sign(&swap, &progress)).await?;
        Ok(signed.map(|transaction| (swap, transaction)).map_err(|error| {
            Failure::new(FailureCode::ChainUnavailable, format!("no recent block hash: {error}"))
        }))
    }

    /// Puts the attempt on record before anything is sent, so that whoever comes later knows what
    /// may be on its way.
    async fn write_ahead(
        &self,
        journal: &mut Journal,
        (swap, transaction): (Swap, SignedTransaction),
    ) -> Result<Attempt, Interruption> {
        let attempt = Attempt {
            order_id: journal.order().id,
            number: journal.order().attempt,
            venue: swap.venue,
            transaction,
            created_at: self.clock.now(),
            state: AttemptState::Unresolved,
        };
        let submitted = EventData::Submitted {
            venue: attempt.venue,
            signature: attempt.transaction.signature.clone(),
            last_valid_block_height: attempt.transaction.last_valid_block_height,
        };
        journal.commit(submitted, Some(AttemptChange::Open(attempt.clone())), ClaimAction::Continue).await?;
        Ok(attempt)
    }
}
