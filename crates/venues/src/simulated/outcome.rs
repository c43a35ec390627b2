//! What becomes of a transaction: a pure function of seed, signature and the time it arrives.

use std::time::Duration;

use domain::{
    Failure, FailureCode, Fill, Signature, Swap, Timestamp, TokenAmount,
    amount::price,
    swap::{SignedTransaction, SlippageBound},
};

use super::{
    market::Market,
    pool::Trade,
    random::{Draw, draw},
    slots::{end_of, height_at},
    transaction::Transaction,
    transaction_log::{Entry, Outcome},
};
use crate::config::Conditions;

/// Decides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcomes {
    pub(super) seed: u64,
    pub(super) conditions: Conditions,
    pub(super) market: Market,
}

impl Outcomes {
    /// Whether the network loses what is sent at a time. Sending again in a later slot is another
    /// draw.
    pub(super) fn is_lost(&self, signature: &Signature, sent_at: Timestamp) -> bool {
        let slot = height_at(sent_at).to_le_bytes();
        let chance = draw(self.seed, "drop", &[signature.as_str().as_bytes(), &slot]);
        chance.happens(self.conditions.drop_bps)
    }

    /// The transaction log entry of a transaction that arrives at a time, with its outcome.
    pub(super) fn entry(
        &self,
        signed: &SignedTransaction,
        transaction: &Transaction,
        received_at: Timestamp,
    ) -> Entry {
        let valid_until = end_of(transaction.last_valid_block_height);
        let landing_at = received_at + self.landing_delay(&signed.signature, received_at);
        let (settles_at, outcome) = if landing_at < valid_until {
            (landing_at, self.execute(&transaction.swap, &signed.signature, received_at, landing_at))
        } else {
            (valid_until, Outcome::Expired) // waited for a block until it was too old
        };
        Entry {
            signature: signed.signature.clone(),
            signed_bytes: Some(signed.bytes.clone()),
            received_at,
            settles_at,
            outcome,
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

    /// The program at work: swap at the market's price of that moment, or revert.
    fn execute(
        &self,
        swap: &Swap,
        signature: &Signature,
        received_at: Timestamp,
        landing_at: Timestamp,
    ) -> Outcome {
        let slot = height_at(landing_at);
        let revert = |code, message: String| Outcome::Reverted {
            slot,
            failure: Failure::at(swap.venue, code, message),
        };
        let (token_in, token_out) = (swap.request.token_in, swap.request.token_out);
        let Some(found) = self.market.pool(swap.venue, token_in, token_out, landing_at) else {
            return revert(FailureCode::TransactionReverted, "the pool does not exist".into());
        };
        let trade = match found.pool.swap(swap.request.amount) {
            Ok(trade) => trade,
            Err(error) => return revert(FailureCode::TransactionReverted, error.to_string()),
        };
        if !swap.bound.allows(trade.amount_in, trade.amount_out) {
            let message = broken_bound(swap, &trade);
            return revert(FailureCode::SlippageExceeded, message);
        }
        if self.draw("revert", signature, received_at).happens(self.conditions.revert_bps) {
            return revert(FailureCode::TransactionReverted, "the program returned an error".into());
        }
        let amount_in = TokenAmount::new(token_in, trade.amount_in);
        let amount_out = TokenAmount::new(token_out, trade.amount_out);
        Outcome::Landed(Fill {
            venue: swap.venue,
            signature: signature.clone(),
            slot,
            amount_in,
            amount_out,
            fee: TokenAmount::new(token_in, trade.fee),
            executed_price: price(amount_in, amount_out).unwrap_or_default(),
        })
    }

    fn draw(&self, purpose: &str, signature: &Signature, received_at: Timestamp) -> Draw {
        let at = received_at.unix_micros().to_le_bytes();
        draw(self.seed, purpose, &[signature.as_str().as_bytes(), &at])
    }
}

fn broken_bound(swap: &Swap, trade: &Trade) -> String {
    match swap.bound {
        SlippageBound::MinAmountOut(minimum) => {
            let received = TokenAmount::new(minimum.token, trade.amount_out);
            format!("slippage exceeded: the swap receives {received}, less than the minimum of {minimum}")
        }
        SlippageBound::MaxAmountIn(maximum) => {
            let spent = TokenAmount::new(maximum.token, trade.amount_in);
            format!("slippage exceeded: the swap costs {spent}, more than the maximum of {maximum}")
        }
    }
}
