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
    Amount, Mint, Timestamp, VenueId,
    books::WalletId,
    ports::{Candle, PriceHistory, PriceHistoryError},
};

type Key = ([Mint; 2], Timestamp, VenueId);

/// A price history in memory, which fails or hangs on demand.
#[derive(Default)]
pub struct MemoryPrices {
    candles: Mutex<BTreeMap<Key, Candle>>,
    worths: Mutex<BTreeMap<(WalletId, i64), Amount>>,
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

    async fn record_worth(
        &self,
        wallet: WalletId,
        at: Timestamp,
        worth: Amount,
    ) -> Result<(), PriceHistoryError> {
        self.ready().await?;
        let mut worths = self.worths.lock().unwrap_or_else(PoisonError::into_inner);
        worths.entry((wallet, minute(at))).or_insert(worth);
        Ok(())
    }

    async fn worths(
        &self,
        wallet: WalletId,
        from: Timestamp,
    ) -> Result<Vec<(Timestamp, Amount)>, PriceHistoryError> {
        self.ready().await?;
        let worths = self.worths.lock().unwrap_or_else(PoisonError::into_inner);
        let of_wallet = worths.range((wallet, minute(from))..=(wallet, i64::MAX));
        let at = |minute: i64| Timestamp::from_unix_millis(minute * 60_000);
        Ok(of_wallet.map(|(&(_, minute), &worth)| (at(minute), worth)).collect())
    }

    async fn forget_before(&self, at: Timestamp) -> Result<(), PriceHistoryError> {
        self.ready().await?;
        self.candles.lock().unwrap_or_else(PoisonError::into_inner).retain(|(_, of, _), _| *of >= at);
        self.worths.lock().unwrap_or_else(PoisonError::into_inner).retain(|(_, of), _| *of >= minute(at));
        Ok(())
    }
}

fn minute(at: Timestamp) -> i64 {
    at.unix_millis().div_euclid(60_000)
}
