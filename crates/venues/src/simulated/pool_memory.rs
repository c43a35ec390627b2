//! Pools that remember fills: the displacements of one process, kept up with the transaction log.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{Timestamp, Token, VenueId};
use tokio::{sync::Mutex as AsyncMutex, time::Instant};

use super::{
    displacement::{Displacements, back},
    market::MarketPool,
    program::pool_of,
    transaction_log::{Entry, LogError, TransactionLog},
};

/// How often fills of other processes are read, while somebody asks.
const READ_EVERY: Duration = Duration::from_millis(200);
/// How far back most reads begin: what was received before the last read may have been recorded after it.
const OVERLAP: Duration = Duration::from_secs(1);
/// How far back a read begins now and then: no write of the log takes longer. All reads would be costly on a busy market.
const LONG_OVERLAP: Duration = Duration::from_secs(10);
/// How often a read goes back so far. Less than [`LONG_OVERLAP`], so that nothing lies between two of them.
const LONG_EVERY: Duration = Duration::from_secs(5);
/// Half-lives after which nothing worth mentioning is left of a fill.
const HALF_LIVES: u32 = 20;

/// What this process knows of fills.
pub struct PoolMemory {
    half_life: Duration,
    log: Arc<dyn TransactionLog>,
    moved: Mutex<Displacements>,
    /// The last read; none before the first one.
    read: AsyncMutex<Option<Read>>,
}

struct Read {
    at: Instant,
    until: Timestamp,
    /// When a read last went back further.
    long_at: Instant,
}

impl PoolMemory {
    /// The memory of pools over a transaction log, or none if pools are back at the market's price at once.
    pub fn over(log: Arc<dyn TransactionLog>, half_life: Duration) -> Option<Arc<Self>> {
        (!half_life.is_zero()).then(|| {
            let moved = Mutex::new(Displacements::new(half_life));
            Arc::new(Self { half_life, log, moved, read: AsyncMutex::default() })
        })
    }

    /// Reads what became known since the last time: all that matters once, and then what other processes recorded.
    /// Without an answer, pools are as they were known.
    pub(super) async fn refresh(&self) {
        let Ok(mut read) = self.read.try_lock() else { return }; // another call is reading
        let is_due = match *read {
            None => true,
            Some(Read { at, .. }) => self.log.is_shared() && at.elapsed() >= READ_EVERY,
        };
        if !is_due {
            return;
        }
        let now = self.log.now();
        let (since, is_long) = match &*read {
            None => (back(now, self.half_life * HALF_LIVES), true),
            Some(read) if read.long_at.elapsed() >= LONG_EVERY => (back(read.until, LONG_OVERLAP), true),
            Some(read) => (back(read.until, OVERLAP), false),
        };
        match self.read_since(since).await {
            Ok(()) => {
                let at = Instant::now();
                let long_at = read.as_ref().filter(|_| !is_long).map_or(at, |read| read.long_at);
                *read = Some(Read { at, until: now, long_at });
            }
            // an outage of the database, which its other users report
            Err(error) => tracing::debug!(%error, "fills of other processes are unknown"),
        }
    }

    async fn read_since(&self, since: Timestamp) -> Result<(), LogError> {
        let entries = self.log.landed_since(since).await?;
        let mut moved = self.lock();
        for entry in &entries {
            moved.add(entry);
        }
        moved.settle(self.log.now()); // a process that only quotes takes nothing in
        Ok(())
    }

    /// A pool at a time, as the fills until then have left it.
    pub(super) fn displaced(
        &self,
        venue: VenueId,
        [token_in, token_out]: [Token; 2],
        found: MarketPool,
        at: Timestamp,
    ) -> MarketPool {
        let address = pool_of(venue, token_in, token_out).address;
        let mints = [token_in.mint(), token_out.mint()];
        MarketPool { pool: self.lock().displaced(found.pool, address, mints, at), ..found }
    }

    /// Decides what becomes of a transaction and takes it in at once, so that the next one of this process finds the pools
    /// as this one leaves them.
    pub(super) fn take_in(&self, decide: impl FnOnce(&Displacements) -> Entry) -> Entry {
        let mut moved = self.lock();
        moved.settle(self.log.now());
        let entry = decide(&moved);
        moved.add(&entry);
        entry
    }

    /// Takes back a transaction that was not recorded, and takes in the one that is there instead.
    pub(super) fn correct(&self, decided: &Entry, recorded: Option<&Entry>) {
        if recorded.is_none_or(|there| !there.trades_as(decided)) {
            let mut moved = self.lock();
            moved.remove(decided);
            if let Some(entry) = recorded {
                moved.add(entry);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Displacements> {
        // a panic leaves a fill out at most
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
