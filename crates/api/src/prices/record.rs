use std::collections::BTreeMap;

use domain::{
    Mint, Timestamp, Token, VenueId,
    ports::{Candle, Ohlc},
};
use rust_decimal::prelude::ToPrimitive;

use super::Tick;

/// Candles that wait to be written at most; with more the oldest are lost, of every pair alike.
const MOST: usize = 20_000;

/// The oldest first, whatever the pair.
type Key = (Timestamp, [Mint; 2], VenueId);

/// Candles of a minute that are not written yet.
#[derive(Default)]
pub(super) struct Record {
    waiting: BTreeMap<Key, Candle>,
    /// On their way into the history, which may or may not show them already.
    writing: BTreeMap<Key, Candle>,
}

impl Record {
    pub(super) fn add(&mut self, tick: &Tick) {
        let pair = tick.pair.map(Token::mint);
        let at = Candle::start(tick.at, 1);
        for price in &tick.venues {
            let side = |price: Option<rust_decimal::Decimal>| price.and_then(|it| it.to_f64()).map(Ohlc::new);
            let candle = Candle { at, venue: price.venue, bid: side(price.bid), ask: side(price.ask) };
            if candle.bid.is_some() || candle.ask.is_some() {
                self.join(pair, candle);
            }
        }
        self.bound();
    }

    /// Everything that waits, to be written. Readers see it until it [is written](Self::written).
    pub(super) fn take(&mut self) -> BTreeMap<[Mint; 2], Vec<Candle>> {
        self.writing.append(&mut self.waiting);
        let mut pairs: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for ((_, pair, _), candle) in &self.writing {
            pairs.entry(*pair).or_default().push(*candle);
        }
        pairs
    }

    /// The taken candles of a pair are in the history.
    pub(super) fn written(&mut self, pair: [Mint; 2]) {
        self.writing.retain(|(_, of, _), _| *of != pair);
    }

    /// The taken candles of a pair could not be written. Newer ones go on with them.
    pub(super) fn put_back(&mut self, pair: [Mint; 2]) {
        let taken = self.writing.extract_if(.., |(_, of, _), _| *of == pair);
        for (key, candle) in taken.collect::<Vec<_>>() {
            let newer = self.waiting.remove(&key);
            self.waiting.insert(key, newer.map_or(candle, |newer| candle.then(newer)));
        }
        self.bound();
    }

    /// The candles of a pair, those of one minute in the order of time.
    pub(super) fn of(&self, pair: [Mint; 2], from: Timestamp, to: Timestamp) -> Vec<Candle> {
        let all = self.writing.iter().chain(&self.waiting);
        all.filter(|((at, of, _), _)| *of == pair && (from..to).contains(at))
            .map(|(_, candle)| *candle)
            .collect()
    }

    fn join(&mut self, pair: [Mint; 2], next: Candle) {
        let key = (next.at, pair, next.venue);
        self.waiting.entry(key).and_modify(|candle| *candle = candle.then(next)).or_insert(next);
    }

    fn bound(&mut self) {
        while self.waiting.len() > MOST {
            self.waiting.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn pair(name: &str) -> [Mint; 2] {
        [Token::SOL, Token::well_known(name).unwrap()].map(Token::mint)
    }

    fn at(minute: u64) -> Timestamp {
        Timestamp::from_unix_millis(0) + Duration::from_mins(minute)
    }

    fn candle(minute: u64, price: f64) -> Candle {
        Candle { at: at(minute), venue: VenueId::RAYDIUM, bid: Some(Ohlc::new(price)), ask: None }
    }

    #[test]
    fn what_could_not_be_written_comes_before_what_followed() {
        let pair = pair("USDC");
        let mut record = Record::default();
        record.join(pair, candle(1, 5.0));
        assert_eq!(record.take()[&pair], [candle(1, 5.0)]);
        record.join(pair, candle(1, 2.0));
        record.put_back(pair);
        let [joined] = record.of(pair, at(0), at(2))[..] else { panic!("one") };
        assert_eq!(joined.bid, Some(Ohlc { open: 5.0, high: 5.0, low: 2.0, close: 2.0 }));
    }

    #[test]
    fn readers_see_what_is_being_written_and_then_no_more() {
        let (one, other) = (pair("USDC"), pair("USDT"));
        let mut record = Record::default();
        record.join(one, candle(1, 5.0));
        record.join(other, candle(1, 7.0));
        record.take();
        record.join(one, candle(1, 6.0));
        assert_eq!(record.of(one, at(0), at(2)), [candle(1, 5.0), candle(1, 6.0)]);
        record.written(one);
        assert_eq!(record.of(one, at(0), at(2)), [candle(1, 6.0)]);
        assert_eq!(record.of(other, at(0), at(2)), [candle(1, 7.0)]);
    }

    #[test]
    fn a_long_outage_costs_every_pair_its_oldest_prices() {
        let pairs = [pair("USDC"), pair("USDT")];
        let mut record = Record::default();
        for minute in 0..12_000 {
            for pair in pairs {
                record.join(pair, candle(minute, 1.0));
            }
        }
        record.bound();
        for pair in pairs {
            assert_eq!(record.of(pair, at(0), at(12_000)).len(), 10_000);
            assert_eq!(record.of(pair, at(0), at(2_001)), [candle(2_000, 1.0)]);
        }
    }
}
