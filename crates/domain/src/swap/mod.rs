//! The swap that is built from a quote: its bound, its plan, its signed transaction and its fill.

mod fill;
mod transaction;

use serde::{Deserialize, Serialize};

pub use fill::{BalanceChange, Fill, ImplausibleTrade, Landed, Rent};
pub use transaction::{Message, SignedTransaction};

use crate::{Address, Amount, Bps, PoolRef, Quote, QuoteRequest, SwapAmount, Token, TokenAmount, VenueId};

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

/// A swap on a venue, ready to be built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Swap {
    pub venue: VenueId,
    /// In which pool: the one that was quoted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pool: Option<PoolRef>,
    /// What is swapped.
    #[serde(flatten)]
    pub request: QuoteRequest,
    /// The worst acceptable result.
    pub bound: SlippageBound,
}

/// What a venue builds: the calls that are signed, and a description of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// For people, in the order of the calls.
    pub steps: Vec<Instruction>,
    /// What the chain executes, in this order and as a whole.
    pub calls: Vec<Call>,
}

/// A call of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub program: Address,
    /// The accounts it gets, in its order.
    pub accounts: Vec<CallAccount>,
    /// The instruction data, in the program's encoding.
    pub data: Vec<u8>,
}

/// An account that a program gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallAccount {
    pub address: Address,
    /// Whether its owner must have signed.
    pub is_signer: bool,
    /// Whether the program may change it.
    pub is_writable: bool,
}

impl CallAccount {
    /// An account that the program only reads.
    pub const fn read(address: Address) -> Self {
        Self { address, is_signer: false, is_writable: false }
    }

    /// An account that the program may change.
    pub const fn write(address: Address) -> Self {
        Self { address, is_signer: false, is_writable: true }
    }

    /// An account whose owner signs, and which the program may change.
    pub const fn signer(address: Address) -> Self {
        Self { address, is_signer: true, is_writable: true }
    }
}

/// One step of a transaction, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "instruction", rename_all = "snake_case")]
pub enum Instruction {
    /// Create the account that receives the token, if it does not exist.
    CreateTokenAccount { token: Token },
    /// Create the wrapped-SOL account, move SOL into it and sync it, so that a pool can take it.
    WrapSol {
        /// Lamports.
        amount: Amount,
    },
    /// The venue's swap.
    Swap { venue: VenueId },
    /// Close the wrapped-SOL account, which returns its lamports as SOL, its rent included.
    UnwrapSol,
}

impl Swap {
    /// The swap that a quote offers, within a bound.
    pub fn of(quote: &Quote, request: QuoteRequest, bound: SlippageBound) -> Self {
        Self { venue: quote.venue, pool: quote.pool, request, bound }
    }

    /// The most that it spends, base units of the token in.
    pub fn most_in(&self) -> Amount {
        match (self.request.amount, self.bound) {
            (SwapAmount::ExactOut(_), SlippageBound::MaxAmountIn(maximum)) => maximum.units,
            (SwapAmount::ExactIn(amount) | SwapAmount::ExactOut(amount), _) => amount,
        }
    }

    /// The steps of the transaction. Pools know only SPL tokens, so SOL is wrapped before and
    /// unwrapped after; what an exact-out swap leaves of the wrapped maximum is unwrapped too.
    pub fn instructions(&self) -> Vec<Instruction> {
        let QuoteRequest { token_in, token_out, .. } = self.request;
        let mut steps = Vec::with_capacity(4);
        if token_in.is_native_sol() {
            steps.push(Instruction::WrapSol { amount: self.most_in() });
        }
        steps.push(Instruction::CreateTokenAccount { token: token_out });
        steps.push(Instruction::Swap { venue: self.venue });
        if token_in.is_native_sol() || token_out.is_native_sol() {
            steps.push(Instruction::UnwrapSol);
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FeeRate, Timestamp};
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    fn quote(amount_in: u64, amount_out: u64) -> Quote {
        Quote {
            venue: VenueId::RAYDIUM,
            pool: None,
            amount_in: TokenAmount::new(Token::SOL, Amount(amount_in)),
            amount_out: TokenAmount::new(usdc(), Amount(amount_out)),
            price: Decimal::ONE,
            price_impact_bps: 0,
            fee: TokenAmount::new(Token::SOL, Amount(0)),
            fee_rate: FeeRate { ppm: 0 },
            network_fee: None,
            liquidity_score: 50,
            latency_ms: 1,
            valid_until: Timestamp::default(),
            read_at_slot: None,
        }
    }

    fn usdc() -> Token {
        Token::well_known("USDC").unwrap()
    }

    fn swap(token_in: &str, token_out: &str) -> Swap {
        Swap {
            venue: VenueId::METEORA,
            pool: None,
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
