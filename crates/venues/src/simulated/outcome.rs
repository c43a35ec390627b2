//! What becomes of a transaction: a pure function of seed, signature and the time it arrives.

use std::{sync::Arc, time::Duration};

use domain::{
    Landed, ProgramError, Signature, SignedTransaction, Swap, Timestamp, Token, TokenAmount,
    ports::Tokens,
    swap::{BalanceChange, SlippageBound},
    token::well_known_symbol,
};

use super::{
    displacement::Displacements,
    fee::network_fee,
    market::Market,
    pool::{PoolError, Trade},
    program::{pool_of, program_of},
    random::{Draw, draw},
    slots::{end_of, height_at},
    transaction::Transaction,
    transaction_log::{Entry, LandingOutcome},
};
use crate::config::Conditions;

/// The name under which the swap programs refuse a trade beyond its bound.
pub(super) const EXCEEDED_SLIPPAGE: &str = "ExceededSlippage";

/// Decides.
pub(super) struct Outcomes {
    pub(super) seed: u64,
    pub(super) conditions: Conditions,
    pub(super) market: Market,
    /// For messages alone.
    pub(super) tokens: Arc<dyn Tokens>,
}

impl Outcomes {
    /// Whether the network loses what is sent at a time. Sending again in a later slot is another
    /// draw.
    pub(super) fn is_lost(&self, signature: &Signature, sent_at: Timestamp) -> bool {
        let slot = height_at(sent_at).to_le_bytes();
        let chance = draw(self.seed, "drop", &[signature.as_str().as_bytes(), &slot]);
        chance.happens(self.conditions.drop_bps)
    }

    /// The transaction log entry of a transaction that arrives at a time, with its outcome. Fills have moved the pools by
    /// what is `moved`. None of its accounts is taken to be open: the log knows which are.
    pub(super) fn entry(
        &self,
        signed: &SignedTransaction,
        transaction: &Transaction,
        received_at: Timestamp,
        moved: Option<&Displacements>,
    ) -> Entry {
        let valid_until = end_of(transaction.last_valid_block_height);
        let landing_at = received_at + self.landing_delay(&signed.signature, received_at);
        let (settles_at, outcome) = if landing_at < valid_until {
            (landing_at, self.execute(transaction, &signed.signature, received_at, landing_at, moved))
        } else {
            (valid_until, LandingOutcome::Expired) // waited for a block until it was too old
        };
        let lands = matches!(outcome, LandingOutcome::Landed(_));
        Entry {
            signature: signed.signature.clone(),
            signed_bytes: Some(signed.bytes.clone()),
            received_at,
            settles_at,
            outcome,
            accounts: if lands { transaction.accounts.kept().to_vec() } else { Vec::new() },
        }
    }

    fn landing_delay(&self, signature: &Signature, received_at: Timestamp) -> Duration {
        let micros = |millis: u64| millis.saturating_mul(1_000);
        let Conditions { landing_min_ms, landing_max_ms, .. } = self.conditions;
        let delay = self
            .draw("landing", signature, received_at)
            .between(micros(landing_min_ms), micros(landing_max_ms));
        Duration::from_micros(delay)
    }

    /// The programs at work: swap at the market's price of that moment, or fail.
    fn execute(
        &self,
        transaction: &Transaction,
        signature: &Signature,
        received_at: Timestamp,
        landing_at: Timestamp,
        moved: Option<&Displacements>,
    ) -> LandingOutcome {
        let slot = height_at(landing_at);
        let failed = |program, code, name: &str, message: String| LandingOutcome::Failed {
            slot,
            error: ProgramError { program, code, name: Some(name.to_owned()), message },
        };
        let swap = match &transaction.swap {
            Ok(swap) => swap,
            Err(error) => return failed(error.program, error.code, error.name, error.message.clone()),
        };
        let program = program_of(swap.venue);
        let (token_in, token_out) = (swap.request.token_in, swap.request.token_out);
        if let Some(token) = [token_in, token_out].into_iter().find(|token| !has_decimals_of_its_mint(*token))
        {
            let message = format!("{} is not a token of {} decimals", token.mint(), token.decimals());
            return failed(program, Some(18), "MintDecimalsMismatch", message);
        }
        let Some(found) = self.market.pool(swap.venue, token_in, token_out, landing_at) else {
            return failed(program, Some(3_012), "AccountNotInitialized", "the pool does not exist".into());
        };
        let address = pool_of(swap.venue, token_in, token_out).address;
        let mints = [token_in.mint(), token_out.mint()];
        let pool = moved.map_or(found.pool, |moved| moved.displaced(found.pool, address, mints, landing_at));
        let trade = match pool.swap(swap.request.amount) {
            Ok(trade) => trade,
            Err(error @ PoolError::AmountTooSmall) => {
                return failed(program, Some(6_006), "ZeroTradingTokens", error.to_string());
            }
            Err(error @ PoolError::InsufficientLiquidity) => {
                return failed(program, Some(6_012), "InsufficientVault", error.to_string());
            }
        };
        if !swap.bound.allows(trade.amount_in, trade.amount_out) {
            return failed(program, Some(6_005), EXCEEDED_SLIPPAGE, self.broken_bound(swap, &trade));
        }
        if self.draw("revert", signature, received_at).happens(self.conditions.revert_bps) {
            return failed(program, None, "Custom", "the program returned an error".into());
        }
        let change = |token: Token, delta: i128| BalanceChange { mint: token.mint(), delta };
        LandingOutcome::Landed(Landed {
            slot,
            network_fee: network_fee(transaction),
            pool_changes: vec![
                change(token_in, i128::from(trade.amount_in.0)),
                change(token_out, -i128::from(trade.amount_out.0)),
            ],
            venue_fee: TokenAmount::new(token_in, trade.fee),
            rent: transaction.accounts.rent(transaction.accounts.kept().len() as u64),
        })
    }

    fn broken_bound(&self, swap: &Swap, trade: &Trade) -> String {
        let in_words = |token, units| self.tokens.amount(TokenAmount::new(token, units));
        match swap.bound {
            SlippageBound::MinAmountOut(TokenAmount { token, units }) => format!(
                "slippage exceeded: the swap receives {}, less than the minimum of {}",
                in_words(token, trade.amount_out),
                in_words(token, units)
            ),
            SlippageBound::MaxAmountIn(TokenAmount { token, units }) => format!(
                "slippage exceeded: the swap costs {}, more than the maximum of {}",
                in_words(token, trade.amount_in),
                in_words(token, units)
            ),
        }
    }

    fn draw(&self, purpose: &str, signature: &Signature, received_at: Timestamp) -> Draw {
        let at = received_at.unix_micros().to_le_bytes();
        draw(self.seed, purpose, &[signature.as_str().as_bytes(), &at])
    }
}

/// As `TransferChecked` has it: whoever is wrong about the decimals is wrong about the amount.
fn has_decimals_of_its_mint(token: Token) -> bool {
    well_known_symbol(token.mint())
        .and_then(Token::well_known)
        .is_none_or(|known| known.decimals() == token.decimals())
}
