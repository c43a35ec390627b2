//! The swap that is built from a quote, its slippage bound, its instructions and its fill.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Amount, Bps, Quote, QuoteRequest, Signature, SwapAmount, Token, TokenAmount, VenueId};

/// The worst result an order accepts; the chain reverts the swap beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SlippageBound {
    /// Exact-in: receive at least this.
    MinAmountOut(TokenAmount),
    /// Exact-out: spend at most this.
    MaxAmountIn(TokenAmount),
}

impl SlippageBound {
    /// The bound that `slippage` allows around `quote`. Rounding favours the owner of the order: a
    /// minimum is rounded up and a maximum down.
    ///
    /// `min_out = ceil(out * (10000 - slippage) / 10000)`,
    /// `max_in = floor(in * (10000 + slippage) / 10000)`.
    pub fn around(quote: &Quote, amount: SwapAmount, slippage: Bps) -> Self {
        let slippage = u128::from(slippage.0).min(Bps::ONE);
        match amount {
            SwapAmount::ExactIn(_) => {
                let TokenAmount { token, units } = quote.amount_out;
                let minimum = units.mul_div_ceil(Bps::ONE - slippage, Bps::ONE).unwrap_or(units);
                Self::MinAmountOut(TokenAmount::new(token, minimum))
            }
            SwapAmount::ExactOut(_) => {
                let TokenAmount { token, units } = quote.amount_in;
                let maximum = units.mul_div_floor(Bps::ONE + slippage, Bps::ONE).unwrap_or(Amount(u64::MAX));
                Self::MaxAmountIn(TokenAmount::new(token, maximum))
            }
        }
    }

    /// The tighter of two bounds on the same side of the same order.
    #[must_use]
    pub fn tighter(self, other: Self) -> Self {
        match (self, other) {
            (Self::MinAmountOut(one), Self::MinAmountOut(two)) if two.units > one.units => other,
            (Self::MaxAmountIn(one), Self::MaxAmountIn(two)) if two.units < one.units => other,
            _ => self,
        }
    }

    /// Whether a trade of these amounts keeps the bound.
    pub fn allows(self, amount_in: Amount, amount_out: Amount) -> bool {
        match self {
            Self::MinAmountOut(minimum) => amount_out >= minimum.units,
            Self::MaxAmountIn(maximum) => amount_in <= maximum.units,
        }
    }
}

/// A swap on a venue, ready to be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Swap {
    /// Where.
    pub venue: VenueId,
    /// What is swapped.
    #[serde(flatten)]
    pub request: QuoteRequest,
    /// The worst acceptable result.
    pub bound: SlippageBound,
}

/// One step of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "instruction", rename_all = "snake_case")]
pub enum Instruction {
    /// Create the account that receives the token, if it does not exist.
    CreateTokenAccount {
        /// Which token it holds.
        token: Token,
    },
    /// Move SOL into the wrapped-SOL account and sync it, so that a pool can take it.
    WrapSol {
        /// Lamports.
        amount: Amount,
    },
    /// The venue's swap.
    Swap {
        /// Whose program.
        venue: VenueId,
    },
    /// Close the wrapped-SOL account, which returns its lamports as SOL.
    UnwrapSol,
}

impl Swap {
    /// The steps of the transaction. Pools know only SPL tokens, so SOL is wrapped before and
    /// unwrapped after; what an exact-out swap leaves of the wrapped maximum is unwrapped too.
    pub fn instructions(&self) -> Vec<Instruction> {
        let QuoteRequest { token_in, token_out, amount } = self.request;
        let most_in = match (amount, self.bound) {
            (SwapAmount::ExactIn(amount), _) => amount,
            (SwapAmount::ExactOut(_), SlippageBound::MaxAmountIn(maximum)) => maximum.units,
            (SwapAmount::ExactOut(amount), SlippageBound::MinAmountOut(_)) => amount,
        };
        let mut steps = Vec::with_capacity(4);
        if token_in.is_native_sol() {
            steps.push(Instruction::WrapSol { amount: most_in });
        }
        steps.push(Instruction::CreateTokenAccount { token: token_out });
        steps.push(Instruction::Swap { venue: self.venue });
        if token_in.is_native_sol() || token_out.is_native_sol() {
            steps.push(Instruction::UnwrapSol);
        }
        steps
    }
}

/// A transaction that is signed and not necessarily sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTransaction {
    /// Identifies it on chain.
    pub signature: Signature,
    /// What goes over the wire; sending the same bytes twice is one transaction.
    pub bytes: Vec<u8>,
    /// The block height after which it can no longer land.
    pub last_valid_block_height: u64,
}

/// A swap as it landed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fill {
    /// Where.
    pub venue: VenueId,
    /// The transaction that landed.
    pub signature: Signature,
    /// The slot it landed in.
    pub slot: u64,
    /// Spent.
    pub amount_in: TokenAmount,
    /// Received.
    pub amount_out: TokenAmount,
    /// The venue's fee, a part of what was spent or of what would have been received.
    pub fee: TokenAmount,
    /// Whole tokens out per whole token in, as realised.
    pub executed_price: Decimal,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use proptest::prelude::*;

    fn quote(amount_in: u64, amount_out: u64) -> Quote {
        Quote {
            venue: VenueId::Raydium,
            amount_in: TokenAmount::new(Token::SOL, Amount(amount_in)),
            amount_out: TokenAmount::new(usdc(), Amount(amount_out)),
            price: Decimal::ONE,
            price_impact_bps: 0,
            fee: TokenAmount::new(Token::SOL, Amount(0)),
            fee_bps: Bps(0),
            liquidity_score: 50,
            latency_ms: 1,
            valid_until: Timestamp::default(),
        }
    }

    fn usdc() -> Token {
        Token::well_known("USDC").unwrap()
    }

    fn swap(token_in: &str, token_out: &str) -> Swap {
        Swap {
            venue: VenueId::Meteora,
            request: QuoteRequest {
                token_in: Token::well_known(token_in).unwrap(),
                token_out: Token::well_known(token_out).unwrap(),
                amount: SwapAmount::ExactIn(Amount(7)),
            },
            bound: SlippageBound::MinAmountOut(TokenAmount::new(usdc(), Amount(1))),
        }
    }

    #[test]
    fn sol_is_wrapped_before_and_unwrapped_after() {
        let names = |swap: Swap| swap.instructions().into_iter().map(name).collect::<Vec<_>>();
        assert_eq!(names(swap("SOL", "USDC")), ["wrap", "create", "swap", "unwrap"]);
        assert_eq!(names(swap("USDC", "SOL")), ["create", "swap", "unwrap"]);
        assert_eq!(names(swap("USDC", "JUP")), ["create", "swap"]);
    }

    fn name(instruction: Instruction) -> &'static str {
        match instruction {
            Instruction::CreateTokenAccount { .. } => "create",
            Instruction::WrapSol { .. } => "wrap",
            Instruction::Swap { .. } => "swap",
            Instruction::UnwrapSol => "unwrap",
        }
    }

    #[test]
    fn the_tighter_bound_gives_more_or_costs_less() {
        let min = |units| SlippageBound::MinAmountOut(TokenAmount::new(usdc(), Amount(units)));
        let max = |units| SlippageBound::MaxAmountIn(TokenAmount::new(usdc(), Amount(units)));
        for (one, two) in [(min(2), min(1)), (max(1), max(2))] {
            assert_eq!((one.tighter(two), two.tighter(one), one.tighter(one)), (one, one, one));
        }
    }

    proptest! {
        #[test]
        fn a_bound_never_allows_more_slippage_than_asked(
            amount_in in 1u64..=u64::MAX / 2, amount_out in 1u64.., slippage in 0u16..=10_000,
        ) {
            let quote = quote(amount_in, amount_out);
            let SlippageBound::MinAmountOut(minimum) =
                SlippageBound::around(&quote, SwapAmount::ExactIn(quote.amount_in.units), Bps(slippage))
            else { unreachable!() };
            let lost = u128::from(amount_out - minimum.units.0) * Bps::ONE;
            prop_assert!(lost <= u128::from(amount_out) * u128::from(slippage));

            let SlippageBound::MaxAmountIn(maximum) =
                SlippageBound::around(&quote, SwapAmount::ExactOut(quote.amount_out.units), Bps(slippage))
            else { unreachable!() };
            let more = u128::from(maximum.units.0 - amount_in) * Bps::ONE;
            prop_assert!(more <= u128::from(amount_in) * u128::from(slippage));
        }
    }
}
