//! What wallets have earned: their books, read once and then followed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::books::{Profit, WalletId};
use tokio::sync::Mutex as AsyncMutex;

use crate::{problem::Problem, state::AppState};

/// Entries that are read at once.
const PAGE: u32 = 1_000;
/// Wallets whose earnings are kept in memory.
const MOST_WALLETS: usize = 1_000;

/// The earnings of wallets, as far as their books were read.
#[derive(Default)]
pub(crate) struct Earnings(Mutex<HashMap<WalletId, Arc<AsyncMutex<Read>>>>);

#[derive(Default)]
struct Read {
    /// The position of the last entry in `profit`.
    position: u64,
    profit: Profit,
}

impl AppState {
    /// What a wallet has earned since its last reset. Its books are read from where an earlier call stopped; a call that
    /// is given up midway leaves what it has read to the next one.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn profit(&self, wallet: WalletId) -> Result<Profit, Problem> {
        let read = self.earnings.of(wallet);
        let mut read = read.lock().await;
        loop {
            let entries = self.answer(self.store.entries_after(wallet, read.position, PAGE)).await?;
            for posted in &entries {
                read.profit.add(&posted.entry);
                read.position = posted.position;
            }
            if entries.len() < PAGE as usize {
                return Ok(read.profit.clone());
            }
        }
    }
}

impl Earnings {
    fn of(&self, wallet: WalletId) -> Arc<AsyncMutex<Read>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_WALLETS && !all.contains_key(&wallet) {
            all.clear(); // they are read again
        }
        all.entry(wallet).or_default().clone()
    }
}
