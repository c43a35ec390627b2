use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Cause;
use crate::{Amount, Mint, Timestamp, VenueId, books::WalletId};

const MINUTE_MILLIS: i64 = 60_000;

/// The prices of a pair at a venue within a minute, or several. For charts: prices are rounded, and nothing is decided
/// by them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candle {
    /// When the first minute begins.
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

    /// When the period of so many minutes that a time is in begins. Periods are counted from the Unix epoch, so that
    /// days are those of UTC.
    pub fn start(at: Timestamp, minutes: u32) -> Timestamp {
        let length = i64::from(minutes.max(1)) * MINUTE_MILLIS;
        Timestamp::from_unix_millis(at.unix_millis().div_euclid(length) * length)
    }

    /// One candle for each venue and period of so many minutes, in the order of time. Candles of one minute join in the
    /// order in which they are given; those of different minutes may be given in any.
    pub fn join(candles: impl IntoIterator<Item = Self>, minutes: u32) -> Vec<Self> {
        let by_minute = Self::joined_by(candles, |at| at);
        Self::joined_by(by_minute, |at| Self::start(at, minutes))
    }

    fn joined_by(
        candles: impl IntoIterator<Item = Self>,
        start: impl Fn(Timestamp) -> Timestamp,
    ) -> Vec<Self> {
        let mut joined: BTreeMap<(Timestamp, VenueId), Self> = BTreeMap::new();
        for candle in candles {
            let next = Self { at: start(candle.at), ..candle };
            joined.entry((next.at, next.venue)).and_modify(|known| *known = known.then(next)).or_insert(next);
        }
        joined.into_values().collect()
    }
}

/// The price history cannot be read or written.
#[derive(Debug, Clone, thiserror::Error)]
#[error("price history unavailable: {0}")]
pub struct PriceHistoryError(pub Cause);

/// Keeps the prices of pairs and the values of wallets by minute, for charts. What is lost here is a gap in a chart.
#[async_trait]
pub trait PriceHistory: Send + Sync + 'static {
    /// Adds candles of a pair, base token first. One that is there already goes on with the new one.
    ///
    /// # Errors
    /// [`PriceHistoryError`]: some of them may have been added.
    async fn record(&self, pair: [Mint; 2], candles: &[Candle]) -> Result<(), PriceHistoryError>;

    /// The candles of a pair, each of so many minutes, from the minutes that begin at one time or later and before
    /// another; the oldest first.
    ///
    /// # Errors
    /// [`PriceHistoryError`].
    async fn candles(
        &self,
        pair: [Mint; 2],
        minutes: u32,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, PriceHistoryError>;

    /// Records what a wallet is worth at a time, base units of USDC. The first value of a minute is kept.
    ///
    /// # Errors
    /// [`PriceHistoryError`]: it may have been recorded.
    async fn record_worth(
        &self,
        wallet: WalletId,
        at: Timestamp,
        worth: Amount,
    ) -> Result<(), PriceHistoryError>;

    /// What a wallet was worth in each minute from a time on, base units of USDC; the oldest first.
    ///
    /// # Errors
    /// [`PriceHistoryError`].
    async fn worths(
        &self,
        wallet: WalletId,
        from: Timestamp,
    ) -> Result<Vec<(Timestamp, Amount)>, PriceHistoryError>;

    /// Deletes what was recorded before a time.
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

    #[test]
    fn minutes_join_to_longer_candles_in_whatever_order_they_come() {
        let candle = |minute: i64, venue: VenueId, price: f64| Candle {
            at: Timestamp::from_unix_millis(minute * MINUTE_MILLIS),
            venue,
            bid: Some(Ohlc::new(price)),
            ask: None,
        };
        let (raydium, meteora) = (VenueId::RAYDIUM, VenueId::METEORA);
        let minutes = [(9, 1.0), (11, 2.0), (10, 3.0), (15, 5.0), (11, 4.0)]
            .map(|(at, price)| candle(at, raydium, price));
        let joined = Candle::join(minutes.into_iter().chain([candle(12, meteora, 7.0)]), 5);
        let of = |venue| joined.iter().filter(move |candle| candle.venue == venue).collect::<Vec<_>>();
        let [one, two, three] = of(raydium)[..] else { panic!("{joined:?}") };
        assert_eq!((one.bid, three.bid), (Some(Ohlc::new(1.0)), Some(Ohlc::new(5.0))));
        assert_eq!(two.at, candle(10, raydium, 0.0).at);
        assert_eq!(two.bid, Some(Ohlc { open: 3.0, high: 4.0, low: 2.0, close: 4.0 }));
        assert_eq!(of(meteora)[0].at, two.at, "each venue has its own");
        assert!(joined.is_sorted_by_key(|candle| candle.at));
    }
}
