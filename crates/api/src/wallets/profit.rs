//! What wallets have earned: their books, read once and then followed.

use domain::books::{Profit, WalletId};

use crate::{problem::Problem, state::AppState};

/// Entries that are read at once.
const PAGE: u32 = 1_000;

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
