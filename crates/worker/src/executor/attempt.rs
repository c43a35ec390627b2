//! One attempt: quote, route, build, sign, write ahead.

use domain::{
    EventData, Failure, FailureCode, Order, OrderSpec, Quote, SignedTransaction, Swap,
    books::Funding,
    order::Withdrawal,
    ports::{Attempt, AttemptChange, AttemptState, ClaimAction, Tokens},
    routing::RoutingDecision,
    swap::SlippageBound,
};
use tracing::{Instrument, debug_span};

use super::{
    AttemptEnd, Executor, Interruption,
    journal::{Journal, Recorded},
};
use crate::progress::Step;

/// Why an attempt ends before it is submitted. Nothing was sent, so nothing is left behind.
enum Stop {
    Interrupted(Interruption),
    Failed(Failure),
    Withdrawn(Withdrawal),
}

impl<E: Into<Interruption>> From<E> for Stop {
    fn from(interruption: E) -> Self {
        Self::Interrupted(interruption.into())
    }
}

impl Executor {
    /// Makes a new attempt. There must be no unresolved one.
    pub(super) async fn attempt(&self, journal: &mut Journal) -> Result<AttemptEnd, Interruption> {
        match self.submit(journal).await {
            Ok(attempt) => {
                let request = journal.order().spec.request;
                self.send_and_settle(&attempt, &request, journal.progress()).await
            }
            Err(Stop::Interrupted(interruption)) => Err(interruption),
            Err(Stop::Failed(failure)) => Ok(AttemptEnd::Failed { failure, change: None }),
            Err(Stop::Withdrawn(withdrawal)) => Ok(AttemptEnd::Withdrawn(withdrawal)),
        }
    }

    /// Everything up to the record of a signed transaction.
    async fn submit(&self, journal: &mut Journal) -> Result<Attempt, Stop> {
        self.check_wanted(journal)?;
        journal.record(EventData::RoutingStarted)?;
        self.check_held(journal.order()).map_err(Stop::Failed)?;
        let decision = self.choose(journal).await?;
        let (swap, transaction) = self.build(journal, decision).await?;
        self.check_wanted(journal)?;
        self.write_ahead(journal, swap, transaction).await
    }

    fn check_wanted(&self, journal: &Journal) -> Result<(), Stop> {
        Withdrawal::of(journal.order(), self.clock.now()).map_or(Ok(()), |why| Err(Stop::Withdrawn(why)))
    }

    /// Whether what is held for the order pays for another attempt. What it cannot pay could never be entered in the books,
    /// and an order that has landed must be.
    fn check_held(&self, order: &Order) -> Result<(), Failure> {
        let rent = self.costs.rent(&order.spec.request);
        let covers = |funding: Funding| funding.covers(order.network_fees, self.costs.attempt, rent);
        if order.spec.funding.is_none_or(covers) {
            return Ok(());
        }
        let message =
            "the chain's fees have risen, and what is held for the order no longer pays for an attempt";
        Err(Failure::new(FailureCode::InsufficientFunds, message))
    }

    async fn choose(&self, journal: &mut Journal) -> Result<RoutingDecision, Stop> {
        let request = journal.order().spec.request;
        let deadline = self.policy.quote_deadline;
        let deciding = quoting::decide(&self.venues, &request, deadline).instrument(debug_span!("quote"));
        journal.progress().enter(Step::Quote);
        let decision = journal.during(deciding).await?;
        journal.progress().answered();
        let decision = decision.map_err(Stop::Failed)?;
        tracing::info!(venue = %decision.venue(), reason = decision.reason, "routed");
        Ok(decision)
    }

    async fn build(
        &self,
        journal: &mut Journal,
        decision: RoutingDecision,
    ) -> Result<(Swap, SignedTransaction), Stop> {
        let spec = journal.order().spec.clone();
        let quote = decision.best.clone();
        journal.record(EventData::Routed { decision: Box::new(decision) })?;
        let bound = bound_of(&spec, &quote, self.tokens.as_ref()).map_err(Stop::Failed)?;
        let swap = Swap::of(&quote, spec.request, bound);
        let Some(venue) = self.venue(swap.venue) else {
            let message = "this version does not know the venue";
            return Err(Stop::Failed(Failure::at(swap.venue, FailureCode::BuildFailed, message)));
        };
        let progress = journal.progress().clone();
        let payer = self.signer.address(spec.funding.map(|funding| funding.wallet));
        let plan =
            journal.during(self.build_at(venue, &swap, payer, &progress)).await?.map_err(Stop::Failed)?;
        let building =
            EventData::Building { venue: swap.venue, bound: swap.bound, instructions: plan.steps.clone() };
        journal.record(building)?;
        let signed = journal.during(self.sign(&plan, payer, &progress)).await?.map_err(Stop::Failed)?;
        Ok((swap, signed))
    }

    /// Puts the attempt on record before anything is sent, so that a later execution knows what
    /// may be on its way.
    async fn write_ahead(
        &self,
        journal: &mut Journal,
        swap: Swap,
        transaction: SignedTransaction,
    ) -> Result<Attempt, Stop> {
        let attempt = Attempt {
            order_id: journal.order().id,
            number: journal.order().attempt,
            venue: swap.venue,
            transaction,
            created_at: self.clock.now(),
            state: AttemptState::Unresolved,
            network_fee: None,
        };
        let submitted = EventData::Submitted {
            venue: attempt.venue,
            signature: attempt.transaction.signature.clone(),
            last_valid_block_height: attempt.transaction.last_valid_block_height,
        };
        let open = Some(AttemptChange::Open(attempt.clone()));
        match journal.commit(submitted, open, ClaimAction::Continue).await? {
            Recorded::Durable => Ok(attempt),
            Recorded::CancelRequested(request) => Err(Stop::Withdrawn(Withdrawal::Canceled(request))),
        }
    }
}

/// The bound of the swap, which a quote must keep that is to be executed.
fn bound_of(spec: &OrderSpec, quote: &Quote, tokens: &dyn Tokens) -> Result<SlippageBound, Failure> {
    let bound = spec.bound_around(quote);
    if bound.allows(quote.amount_in.units, quote.amount_out.units) {
        return Ok(bound);
    }
    let message = match bound {
        SlippageBound::MinAmountOut(minimum) => {
            let [gives, minimum] = [quote.amount_out, minimum].map(|amount| tokens.amount(amount));
            format!("the best quote gives {gives}, less than the order's minimum of {minimum}")
        }
        SlippageBound::MaxAmountIn(maximum) => {
            let [costs, maximum] = [quote.amount_in, maximum].map(|amount| tokens.amount(amount));
            format!("the best quote costs {costs}, more than the order's maximum of {maximum}")
        }
    };
    Err(Failure::at(quote.venue, FailureCode::BoundNotMet, message))
}
