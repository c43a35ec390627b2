use domain::{
    Amount, Bps, FailureCode, Quote, QuoteRequest, SwapAmount, Timestamp, VenueId,
    routing::{RoutingDecision, VenueAnswer},
    swap::{Instruction, SlippageBound},
};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use super::order::{in_units, out_units};
use crate::openapi::words;

/// What a venue offered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Quote)]
pub(crate) struct QuoteView {
    #[schema(value_type = words::Venue)]
    venue: VenueId,
    #[serde(flatten)]
    amounts: AmountsView,
    price_impact_bps: u32,
    fee: Decimal,
    fee_bps: u16,
    liquidity_score: u8,
    latency_ms: u32,
    #[schema(value_type = words::Timestamp)]
    valid_until: Timestamp,
}

impl QuoteView {
    /// Shows a quote for `request`.
    pub(crate) fn new(request: &QuoteRequest, quote: &Quote) -> Self {
        Self {
            venue: quote.venue,
            amounts: AmountsView::new(request, quote.amount_in, quote.amount_out, quote.price),
            price_impact_bps: quote.price_impact_bps,
            fee: in_units(request, quote.fee),
            fee_bps: quote.fee_bps.0,
            liquidity_score: quote.liquidity_score,
            latency_ms: quote.latency_ms,
            valid_until: quote.valid_until,
        }
    }
}

/// What is spent and received, and whole tokens out per whole token in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Amounts)]
pub(crate) struct AmountsView {
    amount_in: Decimal,
    amount_out: Decimal,
    price: Decimal,
}

impl AmountsView {
    /// Shows the amounts of a trade of `request`.
    pub(crate) fn new(request: &QuoteRequest, amount_in: Amount, amount_out: Amount, price: Decimal) -> Self {
        Self { amount_in: in_units(request, amount_in), amount_out: out_units(request, amount_out), price }
    }
}

/// A venue that was not chosen, and why.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RejectedVenue)]
pub(crate) struct RejectedView {
    #[schema(value_type = words::Venue)]
    venue: VenueId,
    /// `outbid`, or the code of its failure to quote.
    #[schema(value_type = words::RejectionCode)]
    code: RejectionCode,
    reason: String,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum RejectionCode {
    Outbid(&'static str),
    LeftOut(FailureCode),
}

impl RejectedView {
    fn outbid(request: &QuoteRequest, best: &Quote, quote: &Quote) -> Self {
        let (difference, base, symbol, how) = match request.amount {
            SwapAmount::ExactIn(_) => (
                best.amount_out.0.saturating_sub(quote.amount_out.0),
                best.amount_out,
                request.token_out,
                "less out",
            ),
            SwapAmount::ExactOut(_) => (
                quote.amount_in.0.saturating_sub(best.amount_in.0),
                best.amount_in,
                request.token_in,
                "more in",
            ),
        };
        let bps = u128::from(difference) * Bps::ONE / u128::from(base.0.max(1));
        let reason = if difference == 0 {
            format!("ties with {}, which wins by depth, speed or name", best.venue)
        } else {
            let difference = Amount(difference).to_decimal(symbol.decimals());
            format!("{difference} {symbol} {how} than {}, {bps} bps", best.venue)
        };
        Self { venue: quote.venue, code: RejectionCode::Outbid("outbid"), reason }
    }
}

/// Which venue was chosen, every quote, and why the others were not.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoutingDecision)]
pub(crate) struct DecisionView<'a> {
    #[schema(value_type = words::Venue)]
    venue: VenueId,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    advantage_bps: Option<u32>,
    quotes: Vec<QuoteView>,
    rejected: Vec<RejectedView>,
}

impl<'a> DecisionView<'a> {
    /// Shows a decision about `request`.
    pub(crate) fn new(request: &QuoteRequest, decision: &'a RoutingDecision) -> Self {
        let mut quotes = Vec::new();
        let mut rejected = Vec::new();
        for answer in &decision.answers {
            match answer {
                VenueAnswer::Quoted(quote) => {
                    quotes.push(QuoteView::new(request, quote));
                    let best = decision.best().filter(|best| best.venue != quote.venue);
                    rejected.extend(best.map(|best| RejectedView::outbid(request, best, quote)));
                }
                VenueAnswer::LeftOut { venue, failure } => rejected.push(RejectedView {
                    venue: *venue,
                    code: RejectionCode::LeftOut(failure.code),
                    reason: failure.message.clone(),
                }),
            }
        }
        Self {
            venue: decision.venue,
            reason: &decision.reason,
            advantage_bps: decision.advantage_bps,
            quotes,
            rejected,
        }
    }
}

/// The worst result an order accepts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SlippageBound)]
pub(crate) enum BoundView {
    MinAmountOut(Decimal),
    MaxAmountIn(Decimal),
}

impl BoundView {
    /// Shows a bound of `request`.
    pub(crate) fn new(request: &QuoteRequest, bound: SlippageBound) -> Self {
        match bound {
            SlippageBound::MinAmountOut(amount) => Self::MinAmountOut(out_units(request, amount)),
            SlippageBound::MaxAmountIn(amount) => Self::MaxAmountIn(in_units(request, amount)),
        }
    }
}

/// One step of a transaction.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "instruction", rename_all = "snake_case")]
#[schema(as = Instruction)]
pub(crate) enum InstructionView {
    CreateTokenAccount {
        token: &'static str,
    },
    WrapSol {
        amount: Decimal,
    },
    Swap {
        #[schema(value_type = words::Venue)]
        venue: VenueId,
    },
    UnwrapSol,
}

impl InstructionView {
    /// Shows a step of a swap of `request`.
    pub(crate) fn new(request: &QuoteRequest, instruction: Instruction) -> Self {
        match instruction {
            Instruction::CreateTokenAccount { token } => Self::CreateTokenAccount { token: token.symbol() },
            // only SOL that is spent is wrapped
            Instruction::WrapSol { amount } => Self::WrapSol { amount: in_units(request, amount) },
            Instruction::Swap { venue } => Self::Swap { venue },
            Instruction::UnwrapSol => Self::UnwrapSol,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Token, routing::route};
    use serde_json::json;
    use testkit::samples;

    use super::*;

    fn rejected(amount: SwapAmount, quotes: [(VenueId, u64, u64); 2]) -> serde_json::Value {
        let token = |symbol| Token::find(symbol).unwrap();
        let request = QuoteRequest { token_in: token("SOL"), token_out: token("USDC"), amount };
        let answers = quotes.map(|(venue, amount_in, amount_out)| {
            let (amount_in, amount_out) = (Amount(amount_in), Amount(amount_out));
            VenueAnswer::Quoted(Quote { venue, amount_in, amount_out, ..samples::quote() })
        });
        let decision = route(amount, answers.to_vec()).unwrap();
        json!(DecisionView::new(&request, &decision).rejected)
    }

    #[test]
    fn a_venue_that_was_outbid_says_by_how_much() {
        let (raydium, meteora) = (VenueId::Raydium, VenueId::Meteora);
        let one_sol = Amount(1_000_000_000);
        assert_eq!(
            rejected(
                SwapAmount::ExactIn(one_sol),
                [(raydium, one_sol.0, 148_500_000), (meteora, one_sol.0, 150_000_000)]
            ),
            json!([{"venue": "raydium", "code": "outbid", "reason": "1.5 USDC less out than meteora, 100 bps"}])
        );
        assert_eq!(
            rejected(
                SwapAmount::ExactOut(Amount(150_000_000)),
                [(raydium, one_sol.0, 150_000_000), (meteora, 1_010_000_000, 150_000_000)]
            ),
            json!([{"venue": "meteora", "code": "outbid", "reason": "0.01 SOL more in than raydium, 100 bps"}])
        );
        let tie = [(raydium, one_sol.0, 150_000_000), (meteora, one_sol.0, 150_000_000)];
        assert_eq!(
            rejected(SwapAmount::ExactIn(one_sol), tie)[0]["reason"],
            "ties with raydium, which wins by depth, speed or name"
        );
    }
}
