//! Routing: the best net result wins, and the decision says why.

use std::{cmp::Reverse, fmt::Write};

use serde::{Deserialize, Serialize};

use crate::{Amount, Bps, Failure, FailureClass, FailureCode, Quote, SwapAmount, TokenAmount, VenueId};

/// A venue's quote, or why it has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum VenueAnswer {
    /// It quoted.
    Quoted(Quote),
    /// It did not, and why.
    LeftOut {
        venue: VenueId,
        /// Why: it refused, failed or missed the deadline.
        failure: Failure,
    },
}

/// The chosen quote, and the reasons for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredDecision", into = "StoredDecision")]
pub struct RoutingDecision {
    pub best: Quote,
    /// Every other answer, the best first.
    pub others: Vec<VenueAnswer>,
    /// By how many bps the best beats the second; `None` without a second.
    pub advantage_bps: Option<u32>,
    pub reason: String,
}

/// A decision as it is stored: the winner is the first of the answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredDecision {
    venue: VenueId,
    answers: Vec<VenueAnswer>,
    advantage_bps: Option<u32>,
    reason: String,
}

/// A stored decision without the quote that won.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the winning quote is missing")]
pub struct NoWinner;

impl TryFrom<StoredDecision> for RoutingDecision {
    type Error = NoWinner;

    fn try_from(stored: StoredDecision) -> Result<Self, NoWinner> {
        let StoredDecision { venue, mut answers, advantage_bps, reason } = stored;
        let is_best =
            |answer: &VenueAnswer| matches!(answer, VenueAnswer::Quoted(quote) if quote.venue == venue);
        let position = answers.iter().position(is_best).ok_or(NoWinner)?;
        let VenueAnswer::Quoted(best) = answers.remove(position) else { return Err(NoWinner) };
        Ok(Self { best, others: answers, advantage_bps, reason })
    }
}

impl From<RoutingDecision> for StoredDecision {
    fn from(decision: RoutingDecision) -> Self {
        let RoutingDecision { best, others, advantage_bps, reason } = decision;
        let venue = best.venue;
        let answers = std::iter::once(VenueAnswer::Quoted(best)).chain(others).collect();
        Self { venue, answers, advantage_bps, reason }
    }
}

impl RoutingDecision {
    /// The chosen venue.
    pub fn venue(&self) -> VenueId {
        self.best.venue
    }

    /// Every quote, the best first.
    pub fn quotes(&self) -> impl Iterator<Item = &Quote> {
        let others = self.others.iter().filter_map(|answer| match answer {
            VenueAnswer::Quoted(quote) => Some(quote),
            VenueAnswer::LeftOut { .. } => None,
        });
        std::iter::once(&self.best).chain(others)
    }
}

/// Chooses among the answers: most out for exact-in, least in for exact-out. Ties go to the deeper
/// pool, then to the faster venue, then by the names of venue and pool, so that a decision can be repeated.
///
/// # Errors
/// When there is no quote: [`FailureCode::QuotesUnavailable`] if any venue could not be reached, else a refusal that
/// may pass, if there is one, else the most specific refusal of the order.
pub fn route(amount: SwapAmount, answers: Vec<VenueAnswer>) -> Result<RoutingDecision, Failure> {
    let mut quotes = Vec::new();
    let mut left_out = Vec::new();
    for answer in answers {
        match answer {
            VenueAnswer::Quoted(quote) => quotes.push(quote),
            VenueAnswer::LeftOut { venue, failure } => left_out.push((venue, failure)),
        }
    }
    quotes.sort_by_key(|quote| {
        let net = match amount {
            SwapAmount::ExactIn(_) => Reverse(i128::from(quote.amount_out.units.0)),
            SwapAmount::ExactOut(_) => Reverse(-i128::from(quote.amount_in.units.0)),
        };
        (net, Reverse(quote.liquidity_score), quote.latency_ms, quote.venue, quote.pool)
    });
    let mut quotes = quotes.into_iter();
    let Some(best) = quotes.next() else { return Err(nobody_quoted(&left_out)) };
    let second = quotes.as_slice().first();
    let advantage_bps = second.map(|second| shortfall(amount, &best, second).1);
    let reason = explain(amount, &best, second, advantage_bps, &left_out);
    let others = quotes
        .map(VenueAnswer::Quoted)
        .chain(left_out.into_iter().map(|(venue, failure)| VenueAnswer::LeftOut { venue, failure }))
        .collect();
    Ok(RoutingDecision { best, others, advantage_bps, reason })
}

fn nobody_quoted(left_out: &[(VenueId, Failure)]) -> Failure {
    let said =
        left_out.iter().map(|(venue, failure)| format!("{venue}: {failure}")).collect::<Vec<_>>().join("; ");
    Failure::new(refusal_of_all(left_out), format!("no venue quoted: {said}"))
}

/// The refusal that leaves the order the best chance. It does not depend on who answered first.
fn refusal_of_all(left_out: &[(VenueId, Failure)]) -> FailureCode {
    let of_class = |class| {
        let codes = left_out.iter().map(|(venue, failure)| (venue, failure.code));
        let codes = codes.filter(|(_, code)| code.class() == class);
        codes.min_by_key(|(venue, code)| (*code == FailureCode::NoRoute, **venue)).map(|(_, code)| code)
    };
    match of_class(FailureClass::Outage) {
        Some(_) => FailureCode::QuotesUnavailable,
        None => of_class(FailureClass::Transient)
            .or_else(|| of_class(FailureClass::Permanent))
            .unwrap_or(FailureCode::NoRoute),
    }
}

/// How much worse `quote` is than `best`: the difference on the side that the order leaves open, and its share of what
/// `best` gives or costs there, in bps, rounded down.
pub fn shortfall(amount: SwapAmount, best: &Quote, quote: &Quote) -> (TokenAmount, u32) {
    let (base, difference) = match amount {
        SwapAmount::ExactIn(_) => {
            (best.amount_out, best.amount_out.units.0.saturating_sub(quote.amount_out.units.0))
        }
        SwapAmount::ExactOut(_) => {
            (best.amount_in, quote.amount_in.units.0.saturating_sub(best.amount_in.units.0))
        }
    };
    let bps = u128::from(difference) * Bps::ONE / u128::from(base.units.0.max(1));
    (TokenAmount::new(base.token, Amount(difference)), u32::try_from(bps).unwrap_or(u32::MAX))
}

/// Basis points in percent, such as `1.81 %`.
pub fn percent(bps: u32) -> String {
    format!("{}.{:02} %", bps / 100, bps % 100)
}

fn explain(
    amount: SwapAmount,
    best: &Quote,
    second: Option<&Quote>,
    advantage_bps: Option<u32>,
    left_out: &[(VenueId, Failure)],
) -> String {
    let (goal, other) = match amount {
        SwapAmount::ExactIn(_) => ("pays the most", "less"),
        SwapAmount::ExactOut(_) => ("costs the least", "more"),
    };
    let tied = |second: &Quote| match amount {
        SwapAmount::ExactIn(_) => best.amount_out.units == second.amount_out.units,
        SwapAmount::ExactOut(_) => best.amount_in.units == second.amount_in.units,
    };
    // two pools of one venue are distinguished by their kinds
    let name = |quote: &Quote| match quote.pool {
        Some(pool) if second.is_some_and(|second| second.venue == best.venue) => {
            format!("{} ({})", quote.venue.title(), pool.kind)
        }
        _ => quote.venue.title(),
    };
    let mut reason = match second {
        None => format!("{} gave the only quote", name(best)),
        Some(second) if !tied(second) => {
            let share = percent(advantage_bps.unwrap_or(0));
            format!("{} {goal}; {} {share} {other}", name(best), name(second))
        }
        Some(second) if best.liquidity_score != second.liquidity_score => {
            format!("{} and {} tie; {} is deeper", name(best), name(second), name(best))
        }
        Some(second) => {
            format!("{} and {} tie; {} answered first", name(best), name(second), name(best))
        }
    };
    for (venue, failure) in left_out {
        let _ = write!(reason, "; {} left out: {failure}", venue.title()); // writing to a String cannot fail
    }
    reason
}

#[cfg(test)]
mod tests;
