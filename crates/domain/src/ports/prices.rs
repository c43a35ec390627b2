use async_trait::async_trait;

use super::Cause;
use crate::{Mint, Timestamp, VenueId};

/// The prices of a pair at a venue within a minute. For charts: prices are rounded, and nothing is decided by them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candle {
    /// When the minute begins.
    pub at: Timestamp,
    pub venue: VenueId,
    /// What selling pays; `None` if the venue did not quote.
    pub bid: Option<Ohlc>,
    /// What buying costs; `None` if the venue did not quote.
    pub ask: Option<Ohlc>,
}

/// The first, highest, lowest and last price of a period, in units of the quote token per unit of the base token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ohlc {
    pub open: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
}

impl Ohlc {
    /// A period with one price.
    pub fn new(price: f64) -> Self {
        Self { open: price, high: price, low: price, close: price }
    }

    /// This period and the one that follows it.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        let (high, low) = (self.high.max(next.high), self.low.min(next.low));
        Self { open: self.open, high, low, close: next.close }
    }
}

impl Candle {
    /// This candle and one that follows it, of the same venue.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        let join = |one: Option<Ohlc>, next: Option<Ohlc>| match (one, next) {
            (Some(one), Some(next)) => Some(one.then(next)),
            (one, next) => one.or(next),
        };
        Self { bid: join(self.bid, next.bid), ask: join(self.ask, next.ask), ..self }
    }
}

/// The price history cannot be read or written.
#[derive(Debug, Clone, thiserror::Error)]
#[error("price history unavailable: {0}")]
pub struct PriceHistoryError(pub Cause);

/// Keeps the prices of pairs by minute, for charts. What is lost here is a gap in a chart.
#[async_trait]
pub trait PriceHistory: Send + Sync + 'static {
    /// Adds candles of a pair, base token first. One that is there already goes on with the new one.
    ///
    /// # Errors
    /// [`PriceHistoryError`]: some of them may have been added.
    async fn record(&self, pair: [Mint; 2], candles: &[Candle]) -> Result<(), PriceHistoryError>;

    /// The candles of a pair from one time on and before another, the oldest first.
    ///
    /// # Errors
    /// [`PriceHistoryError`].
    async fn candles(
        &self,
        pair: [Mint; 2],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, PriceHistoryError>;

    /// Deletes candles of all pairs before a time.
    ///
    /// # Errors
    /// [`PriceHistoryError`].
    async fn forget_before(&self, at: Timestamp) -> Result<(), PriceHistoryError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candles_join_in_the_order_of_time() {
        let candle = |bid: Option<f64>| Candle {
            at: Timestamp::default(),
            venue: VenueId::RAYDIUM,
            bid: bid.map(Ohlc::new),
            ask: None,
        };
        let joined = candle(Some(2.0)).then(candle(None)).then(candle(Some(3.0))).then(candle(Some(1.0)));
        assert_eq!(joined.bid, Some(Ohlc { open: 2.0, high: 3.0, low: 1.0, close: 1.0 }));
        assert_eq!((joined.ask, candle(None).then(candle(Some(5.0))).bid), (None, Some(Ohlc::new(5.0))));
    }
}
