use std::collections::BTreeMap;

use domain::{
    Mint, Timestamp, Token, VenueId,
    ports::{Candle, Ohlc},
};
use rust_decimal::prelude::ToPrimitive;

use super::Tick;

/// Candles that wait to be written at most; with more the oldest are lost.
const MOST: usize = 20_000;
const MINUTE_MILLIS: i64 = 60_000;

type Key = ([Mint; 2], Timestamp, VenueId);

/// Candles that are not written yet.
#[derive(Default)]
pub(super) struct Record(BTreeMap<Key, Candle>);

impl Record {
    pub(super) fn add(&mut self, tick: &Tick) {
        let pair = tick.pair.map(Token::mint);
        let at = start(tick.at, 1);
        for price in &tick.venues {
            let side = |price: Option<rust_decimal::Decimal>| price.and_then(|it| it.to_f64()).map(Ohlc::new);
            let candle = Candle { at, venue: price.venue, bid: side(price.bid), ask: side(price.ask) };
            if candle.bid.is_some() || candle.ask.is_some() {
                self.join(pair, candle);
            }
        }
        self.bound();
    }

    /// Takes candles that could not be written. Newer ones go on with them.
    pub(super) fn put_back(&mut self, pair: [Mint; 2], candles: Vec<Candle>) {
        for candle in candles {
            let key = (pair, candle.at, candle.venue);
            let newer = self.0.remove(&key);
            self.0.insert(key, newer.map_or(candle, |newer| candle.then(newer)));
        }
        self.bound();
    }

    pub(super) fn by_pair(self) -> BTreeMap<[Mint; 2], Vec<Candle>> {
        let mut pairs: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for ((pair, ..), candle) in self.0 {
            pairs.entry(pair).or_default().push(candle);
        }
        pairs
    }

    pub(super) fn of(&self, pair: [Mint; 2], from: Timestamp, to: Timestamp) -> Vec<Candle> {
        let range = self.0.iter().filter(|((of, at, _), _)| *of == pair && (from..to).contains(at));
        range.map(|(_, candle)| *candle).collect()
    }

    fn join(&mut self, pair: [Mint; 2], next: Candle) {
        let key = (pair, next.at, next.venue);
        self.0.entry(key).and_modify(|candle| *candle = candle.then(next)).or_insert(next);
    }

    fn bound(&mut self) {
        while self.0.len() > MOST {
            self.0.pop_first();
        }
    }
}

/// Candles of so many minutes by venue, from candles of a minute in the order of time.
pub(super) fn joined(candles: Vec<Candle>, minutes: u32) -> BTreeMap<VenueId, Vec<Candle>> {
    let mut venues: BTreeMap<VenueId, Vec<Candle>> = BTreeMap::new();
    for candle in candles {
        let next = Candle { at: start(candle.at, minutes), ..candle };
        let joined = venues.entry(candle.venue).or_default();
        match joined.last_mut().filter(|last| last.at == next.at) {
            Some(last) => *last = last.then(next),
            None => joined.push(next),
        }
    }
    venues
}

/// When the period of a time begins.
fn start(at: Timestamp, minutes: u32) -> Timestamp {
    let length = i64::from(minutes) * MINUTE_MILLIS;
    Timestamp::from_unix_millis(at.unix_millis().div_euclid(length) * length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candle(minute: i64, price: f64) -> Candle {
        let at = Timestamp::from_unix_millis(minute * MINUTE_MILLIS);
        Candle { at, venue: VenueId::RAYDIUM, bid: Some(Ohlc::new(price)), ask: None }
    }

    #[test]
    fn minutes_join_to_longer_candles() {
        let joined = joined(vec![candle(9, 1.0), candle(10, 3.0), candle(11, 2.0), candle(15, 5.0)], 5);
        let [one, two, three] = joined[&VenueId::RAYDIUM][..] else { panic!("{joined:?}") };
        assert_eq!((one.bid, three.bid), (Some(Ohlc::new(1.0)), Some(Ohlc::new(5.0))));
        assert_eq!(two.at, candle(10, 0.0).at);
        assert_eq!(two.bid, Some(Ohlc { open: 3.0, high: 3.0, low: 2.0, close: 2.0 }));
    }

    #[test]
    fn what_could_not_be_written_comes_before_what_followed() {
        let pair = [Token::SOL.mint(); 2];
        let mut record = Record::default();
        record.join(pair, candle(1, 2.0));
        record.put_back(pair, vec![candle(1, 5.0)]);
        let [joined] = record.of(pair, candle(0, 0.0).at, candle(2, 0.0).at)[..] else { panic!("one") };
        assert_eq!(joined.bid, Some(Ohlc { open: 5.0, high: 5.0, low: 2.0, close: 2.0 }));
    }
}
