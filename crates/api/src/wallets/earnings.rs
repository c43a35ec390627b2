//! What wallets have earned, as far as their books were read.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::books::{Profit, WalletId};
use tokio::sync::Mutex as AsyncMutex;

/// Wallets whose earnings are kept in memory.
const MOST_WALLETS: usize = 1_000;

/// The earnings of wallets.
#[derive(Default)]
pub(crate) struct Earnings(Mutex<HashMap<WalletId, Arc<AsyncMutex<Read>>>>);

/// The earnings of a wallet, as far as its books were read.
#[derive(Default)]
pub(super) struct Read {
    /// The position of the last entry in `profit`.
    pub(super) position: u64,
    pub(super) profit: Profit,
}

impl Earnings {
    pub(super) fn of(&self, wallet: WalletId) -> Arc<AsyncMutex<Read>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_WALLETS && !all.contains_key(&wallet) {
            all.clear(); // they are read again
        }
        all.entry(wallet).or_default().clone()
    }
}
