//! Every decision about an order, from its events.

use std::borrow::Cow;

use domain::{
    Bps, CancelRequest, Event, EventData, Fill, Order, OrderId, OrderStatus, Quote, Signature, SwapAmount,
    Timestamp, TokenAmount, VenueId,
    ports::{PARKED_AFTER, Tokens},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    AmountsView, BoundView, DecisionView, FailureView, FillView, InstructionView, OriginView, SpecView, words,
};

/// How an order was executed, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation<'a> {
    #[schema(value_type = Uuid)]
    pub order_id: OrderId,
    #[schema(value_type = words::OrderStatus)]
    pub status: OrderStatus,
    pub order: SpecView<'a>,
    /// Who placed it, if it came over HTTP.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub origin: Option<OriginView<'a>>,
    /// Present if the order is parked: how many claims it lost in a row. It is retried with growing delays
    /// until it is resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parked_after_lost_claims: Option<u32>,
    /// The owner's request to cancel the order, whatever its outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_request: Option<CancelView>,
    pub attempts: Vec<AttemptView<'a>>,
    /// The quote compared with the fill, once the order has traded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultView>,
    pub timing: Timing,
}

/// A request to cancel an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CancelRequest)]
pub struct CancelView {
    #[schema(value_type = words::Timestamp)]
    pub requested_at: Timestamp,
    /// Sequence number of the last event before the request. No attempt is submitted after it.
    pub after_seq: u32,
}

/// One attempt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Attempt)]
pub struct AttemptView<'a> {
    pub attempt: u32,
    pub outcome: Outcome,
    #[schema(value_type = words::Timestamp)]
    pub started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Timestamp>)]
    pub ended_at: Option<Timestamp>,
    /// Restarts before submission, for example after a crash.
    pub restarts: u32,
    /// Waits for an unreachable venue, chain or signer.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[schema(required = false)]
    pub waits: Vec<WaitView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routing: Option<DecisionView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<BoundView>,
    pub instructions: Vec<InstructionView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submission: Option<Submission<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill: Option<FillView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Timestamp>)]
    pub next_attempt_at: Option<Timestamp>,
    pub timing: AttemptTiming,
}

/// A wait for an unreachable venue, chain or signer. It used up no attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Wait)]
pub struct WaitView<'a> {
    pub failure: FailureView<'a>,
    #[schema(value_type = words::Timestamp)]
    pub at: Timestamp,
    #[schema(value_type = words::Timestamp)]
    pub until: Timestamp,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AttemptOutcome)]
pub enum Outcome {
    #[default]
    InProgress,
    Confirmed,
    Retried,
    Failed,
    Canceled,
    Expired,
    /// An outcome of a later version, to whoever reads it.
    #[serde(other, skip_serializing)]
    Later,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Submission<'a> {
    #[schema(value_type = words::Venue)]
    pub venue: VenueId,
    #[schema(value_type = words::Signature)]
    pub signature: Cow<'a, Signature>,
    pub last_valid_block_height: u64,
    #[schema(value_type = words::Timestamp)]
    pub at: Timestamp,
}

/// Duration of each step, milliseconds; unfinished steps are omitted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptTiming {
    /// From the start (the last one, if it restarted) to the routing decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routing_ms: Option<u64>,
    /// From the routing decision until the attempt was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub building_ms: Option<u64>,
    /// From then until the outcome was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landing_ms: Option<u64>,
}

/// The quote compared with the fill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExecutionResult)]
pub struct ResultView {
    #[schema(value_type = words::Venue)]
    pub venue: VenueId,
    pub quoted: AmountsView,
    pub realised: AmountsView,
    /// How much better than the quote the fill was, in bps; negative values are slippage.
    pub improvement_bps: i64,
    pub slippage_bps_allowed: u16,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Timing {
    #[schema(value_type = words::Timestamp)]
    pub accepted_at: Timestamp,
    /// From acceptance until a worker started, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued_ms: Option<u64>,
    /// From acceptance to the end, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_ms: Option<u64>,
}

impl<'a> Explanation<'a> {
    /// `events` are all events of the order; `lost_claims` is how many claims were lost in a row.
    pub fn new(order: &'a Order, lost_claims: Option<u32>, events: &'a [Event], tokens: &dyn Tokens) -> Self {
        let tries: Vec<_> = events
            .chunk_by(|one, next| one.attempt == next.attempt)
            // an order may end while it waits for an attempt, which then has not begun
            .filter(|events| events.iter().any(|event| matches!(event.data, EventData::RoutingStarted)))
            .collect();
        let started = tries.first().map(|events| events[0].at);
        let last = events.last().filter(|event| event.status.is_terminal());
        Self {
            order_id: order.id,
            // of the last event that was read, so that it fits the attempts
            status: events.last().map_or(order.status, |event| event.status),
            order: SpecView::new(&order.spec, tokens),
            origin: events.first().and_then(origin),
            parked_after_lost_claims: lost_claims.filter(|lost| *lost >= PARKED_AFTER),
            cancel_request: order
                .cancel_request
                .map(|CancelRequest { at, after_seq }| CancelView { requested_at: at, after_seq }),
            result: ResultView::find(order, events),
            attempts: tries.into_iter().map(|events| AttemptView::new(events, tokens)).collect(),
            timing: Timing {
                accepted_at: order.created_at,
                queued_ms: started.map(|at| millis(order.created_at, at)),
                total_ms: last.map(|event| millis(order.created_at, event.at)),
            },
        }
    }
}

fn origin(first: &Event) -> Option<OriginView<'_>> {
    match &first.data {
        EventData::Accepted { origin, .. } => origin.as_ref().map(OriginView::new),
        _ => None,
    }
}

impl<'a> AttemptView<'a> {
    /// `events` are all those of one attempt.
    fn new(events: &'a [Event], tokens: &dyn Tokens) -> Self {
        let mut view = Self::default();
        let mut was_waiting = false;
        let mut since = Timestamp::default();
        for event in events {
            if view.attempt == 0 {
                view.attempt = event.attempt;
                view.started_at = event.at;
            } else if matches!(event.data, EventData::RoutingStarted) {
                view.restarts += u32::from(!std::mem::take(&mut was_waiting));
            }
            let took = Some(millis(since, event.at));
            match &event.data {
                EventData::RoutingStarted => since = event.at,
                EventData::Routed { .. } => {
                    view.timing.routing_ms = took;
                    since = event.at;
                }
                EventData::Waiting { .. } => was_waiting = true,
                EventData::Submitted { .. } => {
                    view.timing.building_ms = took;
                    since = event.at;
                }
                EventData::Confirmed { .. }
                | EventData::Retrying { .. }
                | EventData::Failed { .. }
                | EventData::Canceled { .. }
                | EventData::Expired { .. } => {
                    view.timing.landing_ms = took.filter(|_| view.submission.is_some());
                    view.ended_at = Some(event.at);
                }
                _ => {}
            }
            view.note(event, tokens);
        }
        view
    }

    fn note(&mut self, event: &'a Event, tokens: &dyn Tokens) {
        match &event.data {
            EventData::Accepted { .. } | EventData::RoutingStarted | EventData::Unknown(_) => {}
            EventData::Routed { decision } => self.routing = Some(DecisionView::new(decision, tokens)),
            EventData::Building { bound, instructions, .. } => {
                self.bound = Some(BoundView::new(*bound));
                self.instructions =
                    instructions.iter().map(|step| InstructionView::new(*step, tokens)).collect();
            }
            EventData::Submitted { venue, signature, last_valid_block_height } => {
                let last_valid_block_height = *last_valid_block_height;
                self.submission = Some(Submission {
                    venue: *venue,
                    signature: Cow::Borrowed(signature),
                    last_valid_block_height,
                    at: event.at,
                });
            }
            EventData::Confirmed { fill, .. } => {
                self.outcome = Outcome::Confirmed;
                self.fill = Some(FillView::new(fill, tokens));
            }
            EventData::Waiting { failure, until } => {
                self.waits.push(WaitView { failure: FailureView::new(failure), at: event.at, until: *until });
            }
            EventData::Retrying { failure, next_attempt_at } => {
                self.outcome = Outcome::Retried;
                self.failure = Some(FailureView::new(failure));
                self.next_attempt_at = Some(*next_attempt_at);
            }
            EventData::Failed { failure } => {
                self.outcome = Outcome::Failed;
                self.failure = Some(FailureView::new(failure));
            }
            EventData::Canceled { failure, .. } => {
                self.outcome = Outcome::Canceled;
                self.failure = failure.as_ref().map(FailureView::new);
            }
            EventData::Expired { failure, .. } => {
                self.outcome = Outcome::Expired;
                self.failure = failure.as_ref().map(FailureView::new);
            }
        }
    }
}

impl ResultView {
    /// The last chosen quote against the fill.
    fn find(order: &Order, events: &[Event]) -> Option<Self> {
        let fill = events.iter().rev().find_map(|event| match &event.data {
            EventData::Confirmed { fill, .. } => Some(fill),
            _ => None,
        })?;
        let quote = events.iter().rev().find_map(|event| match &event.data {
            EventData::Routed { decision } => Some(&decision.best),
            _ => None,
        })?;
        Some(Self {
            venue: fill.venue,
            quoted: AmountsView::new(quote.amount_in, quote.amount_out, quote.price),
            realised: AmountsView::new(fill.amount_in, fill.amount_out, fill.executed_price),
            improvement_bps: improvement(order.spec.request.amount, quote, fill),
            slippage_bps_allowed: order.spec.slippage_bps.0,
        })
    }
}

/// How much more came out, or how much less went in, than quoted; in bps of the quote, rounded
/// down, so that a loss is never shown smaller than it is.
fn improvement(amount: SwapAmount, quote: &Quote, fill: &Fill) -> i64 {
    let units = |amount: TokenAmount| i128::from(amount.units.0);
    let (better, base) = match amount {
        SwapAmount::ExactIn(_) => (units(fill.amount_out) - units(quote.amount_out), quote.amount_out),
        SwapAmount::ExactOut(_) => (units(quote.amount_in) - units(fill.amount_in), quote.amount_in),
    };
    let bps = (better * i128::try_from(Bps::ONE).unwrap_or(0)).div_euclid(units(base).max(1));
    i64::try_from(bps).unwrap_or(if bps < 0 { i64::MIN } else { i64::MAX })
}

fn millis(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.since(from).as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use domain::Amount;
    use testkit::samples;

    use super::*;

    #[test]
    fn slippage_is_negative_and_never_shown_smaller_than_it_is() {
        let fill = samples::fill(&samples::attempt(&samples::acceptance().order));
        for (amount, quoted_in, quoted_out, realised_in, realised_out, expected) in [
            (SwapAmount::ExactIn(Amount(10)), 10, 20_000, 10, 19_999, -1),
            (SwapAmount::ExactIn(Amount(10)), 10, 20_000, 10, 20_001, 0),
            (SwapAmount::ExactIn(Amount(10)), 10, 20_000, 10, 20_200, 100),
            (SwapAmount::ExactOut(Amount(10)), 20_000, 10, 20_200, 10, -100),
            (SwapAmount::ExactOut(Amount(10)), 20_000, 10, 19_800, 10, 100),
            (SwapAmount::ExactIn(Amount(1)), 1, 1, 1, u64::MAX, i64::MAX),
        ] {
            let amounts = |sol, usdc| (samples::sol_units(sol), samples::usdc_units(usdc));
            let (amount_in, amount_out) = amounts(quoted_in, quoted_out);
            let quote = Quote { amount_in, amount_out, ..samples::quote() };
            let (amount_in, amount_out) = amounts(realised_in, realised_out);
            let fill = Fill { amount_in, amount_out, ..fill.clone() };
            assert_eq!(improvement(amount, &quote, &fill), expected);
        }
    }
}
