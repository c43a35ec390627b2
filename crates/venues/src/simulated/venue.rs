//! A venue of the simulated market.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    Address, Failure, FailureCode, FeeRate, Plan, ProgramError, Quote, QuoteRequest, Swap, SwapAmount,
    Timestamp, TokenAmount, VenueId,
    amount::price,
    ports::{Clock, Tokens, Venue, VenueError},
};

use super::{
    fee::fee_of_a_swap,
    market::{Market, MarketPool},
    outcome::EXCEEDED_SLIPPAGE,
    pool::{PoolError, Trade},
    pool_memory::PoolMemory,
    program::{calls_of, pool_of},
    random::{Draw, draw},
    slots::height_at,
};
use crate::config::Conditions;

/// How long after a pool was read its price is worth showing: a few slots, in which others have traded there.
const QUOTE_VALIDITY: Duration = Duration::from_secs(2);

/// A size that moves the price further is refused: such an order is a mistake or has no pool.
const MAX_PRICE_IMPACT_BPS: u32 = 5_000;

/// The value of one side of a pool, in US dollars, that scores 100.
const DEEPEST_USD: u64 = 36_000_000;

/// A venue that quotes the simulated market's pools.
pub struct SimulatedVenue {
    id: VenueId,
    seed: u64,
    conditions: Conditions,
    market: Market,
    tokens: Arc<dyn Tokens>,
    clock: Arc<dyn Clock>,
    memory: Option<Arc<PoolMemory>>,
}

impl SimulatedVenue {
    /// A venue under these conditions. Its messages name tokens as the registry does.
    pub fn new(
        id: VenueId,
        seed: u64,
        conditions: Conditions,
        tokens: Arc<dyn Tokens>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let market = Market::under(seed, &conditions);
        Self { id, seed, conditions, market, tokens, clock, memory: None }
    }

    /// The same, with pools that remember what they have traded.
    #[must_use]
    pub fn remembering(self, memory: Option<Arc<PoolMemory>>) -> Self {
        Self { memory, ..self }
    }

    fn draw(&self, purpose: &str, request: &QuoteRequest, at: Timestamp) -> Draw {
        let (side, amount) = match request.amount {
            SwapAmount::ExactIn(amount) => (b"in".as_slice(), amount),
            SwapAmount::ExactOut(amount) => (b"out".as_slice(), amount),
        };
        let (token_in, token_out) =
            (request.token_in.mint().to_string(), request.token_out.mint().to_string());
        let subject = [
            self.id.as_str().as_bytes(),
            token_in.as_bytes(),
            token_out.as_bytes(),
            side,
            &amount.0.to_le_bytes(),
            &at.unix_micros().to_le_bytes(),
        ];
        draw(self.seed, purpose, &subject)
    }

    fn latency_ms(&self, request: &QuoteRequest, asked_at: Timestamp) -> u64 {
        let Conditions { quote_latency_ms: middle, quote_jitter_ms: jitter, .. } = self.conditions;
        self.draw("latency", request, asked_at).between(middle.saturating_sub(jitter), middle + jitter)
    }

    /// The pool and what it would trade at a time.
    fn trade(&self, request: &QuoteRequest, at: Timestamp) -> Result<(MarketPool, Trade), Failure> {
        let found = self.market.pool(self.id, request.token_in, request.token_out, at).ok_or_else(|| {
            let [token_in, token_out] =
                [request.token_in, request.token_out].map(|token| self.tokens.label(token));
            let message = format!("{} has no pool of {token_in} and {token_out}", self.id);
            Failure::at(self.id, FailureCode::NoRoute, message)
        })?;
        let tokens = [request.token_in, request.token_out];
        let found = match &self.memory {
            Some(memory) => memory.displaced(self.id, tokens, found, at),
            None => found,
        };
        let trade = found.pool.swap(request.amount).and_then(|trade| {
            let fits = trade.price_impact_bps <= MAX_PRICE_IMPACT_BPS;
            if fits { Ok(trade) } else { Err(PoolError::InsufficientLiquidity) }
        });
        match trade {
            Ok(trade) => Ok((found, trade)),
            Err(error @ PoolError::AmountTooSmall) => {
                Err(Failure::at(self.id, FailureCode::AmountTooSmall, error.to_string()))
            }
            Err(error @ PoolError::InsufficientLiquidity) => {
                Err(Failure::at(self.id, FailureCode::InsufficientLiquidity, error.to_string()))
            }
        }
    }
}

#[async_trait]
impl Venue for SimulatedVenue {
    fn id(&self) -> VenueId {
        self.id
    }

    fn name(&self) -> &str {
        match self.id {
            VenueId::RAYDIUM => "Raydium",
            VenueId::METEORA => "Meteora",
            other => other.as_str(),
        }
    }

    async fn quotes(&self, request: &QuoteRequest) -> Result<Vec<Quote>, VenueError> {
        let asked_at = self.clock.now();
        let latency_ms = self.latency_ms(request, asked_at);
        if latency_ms > 0 {
            tokio::time::sleep(Duration::from_millis(latency_ms)).await;
        }
        if self.draw("failure", request, asked_at).happens(self.conditions.quote_failure_bps) {
            let message = format!("{} did not answer", self.id);
            return Err(Failure::at(self.id, FailureCode::QuotesUnavailable, message));
        }
        if let Some(memory) = &self.memory {
            memory.refresh().await;
        }
        let now = self.clock.now();
        let (found, trade) = self.trade(request, now)?;
        let amount_in = TokenAmount::new(request.token_in, trade.amount_in);
        let amount_out = TokenAmount::new(request.token_out, trade.amount_out);
        Ok(vec![Quote {
            venue: self.id,
            pool: Some(pool_of(self.id, request.token_in, request.token_out)),
            amount_in,
            amount_out,
            price: price(amount_in, amount_out).unwrap_or_default(),
            price_impact_bps: trade.price_impact_bps,
            fee: TokenAmount::new(request.token_in, trade.fee),
            fee_rate: FeeRate::from_bps(found.pool.fee),
            network_fee: Some(fee_of_a_swap(&self.conditions)),
            liquidity_score: liquidity_score(found.depth_usd),
            latency_ms: u32::try_from(latency_ms).unwrap_or(u32::MAX),
            valid_until: now + QUOTE_VALIDITY,
            read_at_slot: Some(height_at(now)),
        }])
    }

    async fn build(&self, swap: &Swap, owner: Address) -> Result<Plan, VenueError> {
        Ok(Plan { steps: swap.instructions(), calls: calls_of(swap, owner) })
    }

    fn explain(&self, error: &ProgramError) -> FailureCode {
        match error.name.as_deref() {
            // the second name is that of the log of versions before 2026-12
            Some(EXCEEDED_SLIPPAGE | "slippage_exceeded") => FailureCode::SlippageExceeded,
            Some("ZeroTradingTokens") => FailureCode::AmountTooSmall,
            Some("InsufficientVault") => FailureCode::InsufficientLiquidity,
            Some("InsufficientFunds") => FailureCode::InsufficientFunds,
            Some("AccountNotInitialized" | "ConstraintSeeds") => FailureCode::BuildFailed,
            _ => FailureCode::TransactionReverted,
        }
    }
}

/// `100 * sqrt(depth / deepest)`: the root, so that pools of every size stay distinguishable.
fn liquidity_score(depth_usd: u64) -> u8 {
    let score = (depth_usd.saturating_mul(10_000) / DEEPEST_USD).isqrt();
    u8::try_from(score.min(100)).unwrap_or(100)
}

#[cfg(test)]
mod tests;
