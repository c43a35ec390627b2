//! Choosing the venue: the best net result wins, and the decision explains itself.

use std::{cmp::Reverse, fmt::Write};

use serde::{Deserialize, Serialize};

use crate::{Bps, Failure, FailureClass, FailureCode, Quote, SwapAmount, VenueId};

/// What a venue answered in time, or why it is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum VenueAnswer {
    /// It quoted.
    Quoted(Quote),
    /// It did not, and why.
    LeftOut {
        /// Who.
        venue: VenueId,
        /// Why: it refused, failed or missed the deadline.
        failure: Failure,
    },
}

/// Which venue executes, and all that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoutingDecision {
    /// The chosen venue.
    pub venue: VenueId,
    /// Every venue's answer, the best first.
    pub answers: Vec<VenueAnswer>,
    /// How much better the best is than the second, in bps of the second; `None` without a second.
    pub advantage_bps: Option<u32>,
    /// The reason in words.
    pub reason: String,
}

impl RoutingDecision {
    /// The winning quote.
    pub fn best(&self) -> Option<&Quote> {
        self.answers.iter().find_map(|answer| match answer {
            VenueAnswer::Quoted(quote) if quote.venue == self.venue => Some(quote),
            _ => None,
        })
    }
}

/// Chooses among the answers: most out for exact-in, least in for exact-out. Ties go to the deeper
/// pool, then to the faster venue, then to the venue's name, so that a decision can be repeated.
///
/// # Errors
/// When nobody quoted: a transient failure if any venue may answer next time, else the refusal that
/// says most about the order.
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
        (net, Reverse(quote.liquidity_score), quote.latency_ms, quote.venue)
    });
    let Some(best) = quotes.first() else { return Err(nobody_quoted(&left_out)) };
    let venue = best.venue;
    let advantage_bps = quotes.get(1).map(|second| advantage(amount, best, second));
    let reason = explain(amount, best, quotes.get(1), advantage_bps, &left_out);
    let answers = quotes
        .into_iter()
        .map(VenueAnswer::Quoted)
        .chain(left_out.into_iter().map(|(venue, failure)| VenueAnswer::LeftOut { venue, failure }))
        .collect();
    Ok(RoutingDecision { venue, answers, advantage_bps, reason })
}

fn nobody_quoted(left_out: &[(VenueId, Failure)]) -> Failure {
    let said =
        left_out.iter().map(|(venue, failure)| format!("{venue}: {failure}")).collect::<Vec<_>>().join("; ");
    let refusal = left_out.iter().all(|(_, failure)| failure.code.class() == FailureClass::Permanent);
    let code =
        match left_out.iter().map(|(_, failure)| failure.code).find(|code| *code != FailureCode::NoRoute) {
            _ if left_out.is_empty() => FailureCode::NoRoute,
            Some(code) if refusal => code,
            None if refusal => FailureCode::NoRoute,
            _ => FailureCode::QuotesUnavailable,
        };
    Failure::new(code, format!("no venue quoted: {said}"))
}

/// How much better `best` is than `second`, in bps of `second`, rounded down.
fn advantage(amount: SwapAmount, best: &Quote, second: &Quote) -> u32 {
    let (better, worse) = match amount {
        SwapAmount::ExactIn(_) => (best.amount_out.units.0, second.amount_out.units.0),
        SwapAmount::ExactOut(_) => (second.amount_in.units.0, best.amount_in.units.0),
    };
    let base = match amount {
        SwapAmount::ExactIn(_) => worse,
        SwapAmount::ExactOut(_) => better,
    };
    let bps = u128::from(better.saturating_sub(worse)) * Bps::ONE / u128::from(base.max(1));
    u32::try_from(bps).unwrap_or(u32::MAX)
}

fn explain(
    amount: SwapAmount,
    best: &Quote,
    second: Option<&Quote>,
    advantage_bps: Option<u32>,
    left_out: &[(VenueId, Failure)],
) -> String {
    let goal = match amount {
        SwapAmount::ExactIn(_) => "most out",
        SwapAmount::ExactOut(_) => "least in",
    };
    let tied = |second: &Quote| match amount {
        SwapAmount::ExactIn(_) => best.amount_out.units == second.amount_out.units,
        SwapAmount::ExactOut(_) => best.amount_in.units == second.amount_in.units,
    };
    let mut reason = match second {
        None => format!("{} gave the only quote", best.venue),
        Some(second) if !tied(second) => format!(
            "{} gives the {goal}, {} bps better than {}",
            best.venue,
            advantage_bps.unwrap_or(0),
            second.venue
        ),
        Some(second) if best.liquidity_score != second.liquidity_score => {
            format!("{} and {} tie; {} is deeper", best.venue, second.venue, best.venue)
        }
        Some(second) => format!("{} and {} tie; {} answered first", best.venue, second.venue, best.venue),
    };
    for (venue, failure) in left_out {
        let _ = write!(reason, "; {venue} left out: {failure}"); // writing to a String cannot fail
    }
    reason
}

#[cfg(test)]
mod tests;
