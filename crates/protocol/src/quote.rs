use std::borrow::Cow;

use domain::{
    Address, Name, PoolRef, Quote, SwapAmount, Timestamp, Token, TokenAmount, VenueId,
    ports::Tokens,
    routing::{RoutingDecision, VenueAnswer, percent, shortfall},
    swap::{Instruction, SlippageBound},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{SpecView, order::in_sol, words};

/// A venue's quote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Quote)]
pub struct QuoteView {
    #[schema(value_type = words::Venue)]
    pub venue: VenueId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolView>,
    #[serde(flatten)]
    pub amounts: AmountsView,
    pub price_impact_bps: u32,
    /// The pool's fee, in `feeToken`.
    pub fee: Decimal,
    /// Symbol of the token in which the fee is charged.
    pub fee_token: String,
    /// The fee rate, rounded to whole basis points.
    pub fee_bps: u32,
    /// The fee rate in parts per million.
    pub fee_ppm: u32,
    /// Network fee, in SOL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_fee: Option<Decimal>,
    pub liquidity_score: u8,
    pub latency_ms: u32,
    /// Request a new quote after this time. An order is never executed at an earlier quote: each attempt requests
    /// its own.
    #[schema(value_type = words::Timestamp)]
    pub valid_until: Timestamp,
}

impl QuoteView {
    /// Shows a quote.
    pub fn new(quote: &Quote, tokens: &dyn Tokens) -> Self {
        Self {
            venue: quote.venue,
            pool: quote.pool.map(PoolView::new),
            amounts: AmountsView::new(quote.amount_in, quote.amount_out, quote.price),
            price_impact_bps: quote.price_impact_bps,
            fee: quote.fee.to_decimal(),
            fee_token: tokens.symbol(quote.fee.token),
            fee_bps: quote.fee_rate.to_bps(),
            fee_ppm: quote.fee_rate.ppm,
            network_fee: quote.network_fee.map(in_sol),
            liquidity_score: quote.liquidity_score,
            latency_ms: quote.latency_ms,
            valid_until: quote.valid_until,
        }
    }
}

/// A liquidity pool of a venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Pool)]
pub struct PoolView {
    /// Kind of pool: the venue's program that it belongs to.
    #[schema(value_type = String)]
    pub kind: Name,
    /// Account address of the pool.
    #[schema(value_type = String)]
    pub address: Address,
}

impl PoolView {
    fn new(pool: PoolRef) -> Self {
        Self { kind: pool.kind, address: pool.address }
    }
}

/// Amounts spent and received, and the price in whole tokens received per whole token spent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Amounts)]
pub struct AmountsView {
    pub amount_in: Decimal,
    pub amount_out: Decimal,
    pub price: Decimal,
}

impl AmountsView {
    /// Shows the amounts of a trade.
    pub fn new(amount_in: TokenAmount, amount_out: TokenAmount, price: Decimal) -> Self {
        Self { amount_in: amount_in.to_decimal(), amount_out: amount_out.to_decimal(), price }
    }
}

/// A venue that was rejected, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RejectedVenue)]
pub struct RejectedView {
    #[schema(value_type = words::Venue)]
    pub venue: VenueId,
    /// The outbid pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolView>,
    /// `outbid`, or why it did not quote.
    #[schema(value_type = words::RejectionCode)]
    pub code: Cow<'static, str>,
    pub reason: String,
}

impl RejectedView {
    fn outbid(best: &Quote, quote: &Quote, tokens: &dyn Tokens) -> Self {
        // The side that the order fixes is the same in both quotes.
        let is_exact_in = best.amount_in == quote.amount_in;
        let (amount, how) = if is_exact_in {
            (SwapAmount::ExactIn(best.amount_in.units), "less")
        } else {
            (SwapAmount::ExactOut(best.amount_out.units), "more")
        };
        let (difference, bps) = shortfall(amount, best, quote);
        let winner = best.venue.title();
        let reason = if difference.units.0 == 0 {
            format!("ties with {winner}, which wins by depth, speed or name")
        } else {
            format!("{} ({}) {how} than {winner}", tokens.amount(difference), percent(bps))
        };
        let pool = quote.pool.map(PoolView::new);
        Self { venue: quote.venue, pool, code: Cow::Borrowed("outbid"), reason }
    }
}

/// The selected venue, all quotes, and why the others were rejected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RoutingDecision)]
pub struct DecisionView<'a> {
    #[schema(value_type = words::Venue)]
    pub venue: VenueId,
    pub reason: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advantage_bps: Option<u32>,
    pub quotes: Vec<QuoteView>,
    pub rejected: Vec<RejectedView>,
}

impl<'a> DecisionView<'a> {
    /// Shows a decision.
    pub fn new(decision: &'a RoutingDecision, tokens: &dyn Tokens) -> Self {
        let rejected = decision.others.iter().map(|answer| match answer {
            VenueAnswer::Quoted(quote) => RejectedView::outbid(&decision.best, quote, tokens),
            VenueAnswer::LeftOut { venue, failure } => RejectedView {
                venue: *venue,
                pool: None,
                code: Cow::Borrowed(failure.code.as_str()),
                reason: failure.message.clone(),
            },
        });
        let rejected = rejected.collect();
        let quotes = decision.quotes().map(|quote| QuoteView::new(quote, tokens)).collect();
        Self {
            venue: decision.venue(),
            reason: Cow::from(&decision.reason),
            advantage_bps: decision.advantage_bps,
            quotes,
            rejected,
        }
    }
}

/// The worst result an order accepts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SlippageBound)]
pub enum BoundView {
    MinAmountOut(Decimal),
    MaxAmountIn(Decimal),
}

impl BoundView {
    /// Shows a bound.
    pub fn new(bound: SlippageBound) -> Self {
        match bound {
            SlippageBound::MinAmountOut(amount) => Self::MinAmountOut(amount.to_decimal()),
            SlippageBound::MaxAmountIn(amount) => Self::MaxAmountIn(amount.to_decimal()),
        }
    }
}

/// One step of a transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "instruction", rename_all = "snake_case")]
#[schema(as = Instruction)]
pub enum InstructionView {
    CreateTokenAccount {
        token: String,
    },
    WrapSol {
        amount: Decimal,
    },
    Swap {
        #[schema(value_type = words::Venue)]
        venue: VenueId,
    },
    UnwrapSol,
    /// A step of a later version, to whoever reads it.
    #[serde(other, skip_serializing)]
    Later,
}

impl InstructionView {
    /// Shows a step of a transaction.
    pub fn new(instruction: Instruction, tokens: &dyn Tokens) -> Self {
        match instruction {
            Instruction::CreateTokenAccount { token } => {
                Self::CreateTokenAccount { token: tokens.symbol(token) }
            }
            Instruction::WrapSol { amount } => {
                Self::WrapSol { amount: TokenAmount::new(Token::SOL, amount).to_decimal() }
            }
            Instruction::Swap { venue } => Self::Swap { venue },
            Instruction::UnwrapSol => Self::UnwrapSol,
        }
    }
}

/// The routing decision and the slippage bound that an order would get now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Quotes)]
pub struct QuotesView<'a> {
    #[serde(flatten)]
    pub request: SpecView<'a>,
    #[serde(flatten)]
    pub decision: DecisionView<'a>,
    pub bound: BoundView,
}

#[cfg(test)]
mod tests {
    use domain::{Amount, routing::route};
    use serde_json::json;
    use testkit::samples;
    use venues::simulated::SimulatedTokens;

    use super::*;

    fn rejected(amount: SwapAmount, quotes: [(VenueId, u64, u64); 2]) -> serde_json::Value {
        let answers = quotes.map(|(venue, amount_in, amount_out)| {
            let (amount_in, amount_out) = (samples::sol_units(amount_in), samples::usdc_units(amount_out));
            VenueAnswer::Quoted(Quote { venue, pool: None, amount_in, amount_out, ..samples::quote() })
        });
        let decision = route(amount, answers.to_vec()).unwrap();
        json!(DecisionView::new(&decision, &SimulatedTokens::default()).rejected)
    }

    #[test]
    fn a_venue_that_was_outbid_says_by_how_much() {
        let (raydium, meteora) = (VenueId::RAYDIUM, VenueId::METEORA);
        let one_sol = Amount(1_000_000_000);
        assert_eq!(
            rejected(
                SwapAmount::ExactIn(one_sol),
                [(raydium, one_sol.0, 148_500_000), (meteora, one_sol.0, 150_000_000)]
            ),
            json!([{"venue": "raydium", "code": "outbid", "reason": "1.5 USDC (1.00 %) less than Meteora"}])
        );
        assert_eq!(
            rejected(
                SwapAmount::ExactOut(Amount(150_000_000)),
                [(raydium, one_sol.0, 150_000_000), (meteora, 1_010_000_000, 150_000_000)]
            ),
            json!([{"venue": "meteora", "code": "outbid", "reason": "0.01 SOL (1.00 %) more than Raydium"}])
        );
        let tie = [(raydium, one_sol.0, 150_000_000), (meteora, one_sol.0, 150_000_000)];
        assert_eq!(
            rejected(SwapAmount::ExactIn(one_sol), tie)[0]["reason"],
            "ties with Meteora, which wins by depth, speed or name"
        );
    }
}
