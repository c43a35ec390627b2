use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use domain::{
    Mint, Timestamp, VenueId,
    ports::{Candle, PriceHistory, PriceHistoryError},
};

type Key = ([Mint; 2], Timestamp, VenueId);

/// A price history in memory.
#[derive(Default)]
pub struct MemoryPrices(Mutex<BTreeMap<Key, Candle>>);

#[async_trait]
impl PriceHistory for MemoryPrices {
    async fn record(&self, pair: [Mint; 2], candles: &[Candle]) -> Result<(), PriceHistoryError> {
        let mut stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for candle in candles {
            let entry = stored.entry((pair, candle.at, candle.venue));
            entry.and_modify(|known| *known = known.then(*candle)).or_insert(*candle);
        }
        Ok(())
    }

    async fn candles(
        &self,
        pair: [Mint; 2],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, PriceHistoryError> {
        let stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_pair = stored.iter().filter(|((of, at, _), _)| *of == pair && (from..to).contains(at));
        Ok(of_pair.map(|(_, candle)| *candle).collect())
    }

    async fn forget_before(&self, at: Timestamp) -> Result<(), PriceHistoryError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(_, of, _), _| *of >= at);
        Ok(())
    }
}
