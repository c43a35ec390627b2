use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use domain::{
    Mint, Timestamp, VenueId,
    ports::{Candle, PriceHistory, PriceHistoryError},
};

type Key = ([Mint; 2], Timestamp, VenueId);

/// A price history in memory, which fails or hangs on demand.
#[derive(Default)]
pub struct MemoryPrices {
    candles: Mutex<BTreeMap<Key, Candle>>,
    is_down: AtomicBool,
    hangs: bool,
}

impl MemoryPrices {
    /// What it says while it is down.
    pub const ERROR: &str = "no such table: price_candles";

    /// From now on every call fails, or none.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// One whose calls never return.
    pub fn hanging() -> Self {
        Self { hangs: true, ..Self::default() }
    }

    async fn ready(&self) -> Result<(), PriceHistoryError> {
        if self.hangs {
            pending::<()>().await;
        }
        if self.is_down.load(Ordering::SeqCst) { Err(PriceHistoryError(Self::ERROR.into())) } else { Ok(()) }
    }
}

#[async_trait]
impl PriceHistory for MemoryPrices {
    async fn record(&self, pair: [Mint; 2], candles: &[Candle]) -> Result<(), PriceHistoryError> {
        self.ready().await?;
        let mut stored = self.candles.lock().unwrap_or_else(PoisonError::into_inner);
        for candle in candles {
            let entry = stored.entry((pair, candle.at, candle.venue));
            entry.and_modify(|known| *known = known.then(*candle)).or_insert(*candle);
        }
        Ok(())
    }

    async fn candles(
        &self,
        pair: [Mint; 2],
        minutes: u32,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Candle>, PriceHistoryError> {
        self.ready().await?;
        let stored = self.candles.lock().unwrap_or_else(PoisonError::into_inner);
        let of_pair = stored.iter().filter(|((of, at, _), _)| *of == pair && (from..to).contains(at));
        Ok(Candle::join(of_pair.map(|(_, candle)| *candle), minutes))
    }

    async fn forget_before(&self, at: Timestamp) -> Result<(), PriceHistoryError> {
        self.ready().await?;
        self.candles.lock().unwrap_or_else(PoisonError::into_inner).retain(|(_, of, _), _| *of >= at);
        Ok(())
    }
}
