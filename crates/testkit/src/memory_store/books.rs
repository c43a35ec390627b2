//! Wallets and their books.

use std::collections::BTreeMap;

use domain::{
    AccountId, Amount, Mint, OrderId,
    books::{Balance, Cause, Entry, Refusal, Sheet, Transfer, Wallet, WalletId},
    ports::{PostedEntry, StoreError, TransferOutcome, WalletOpening},
};

/// Wallets, balances and entries.
#[derive(Clone, Default)]
pub(super) struct Books {
    wallets: BTreeMap<WalletId, Wallet>,
    sheet: Sheet,
    entries: Vec<Entry>,
}

impl Books {
    /// Writes an entry, all of it or nothing.
    pub(super) fn post(&mut self, entry: Entry) -> Result<(), Refusal> {
        self.sheet.apply(&entry)?;
        self.entries.push(entry);
        Ok(())
    }

    pub(super) fn open(
        &mut self,
        wallet: Wallet,
        opening: &[(Mint, Amount)],
    ) -> Result<WalletOpening, StoreError> {
        if self.wallets.contains_key(&wallet.id) {
            return Ok(WalletOpening::Known);
        }
        let mut of_account = self.wallets.values().filter(|known| known.account == wallet.account);
        if of_account.any(|known| known.name == wallet.name) {
            return Ok(WalletOpening::NameTaken);
        }
        self.post(wallet.opening(opening.to_vec()).entry())
            .map_err(|refusal| StoreError::unavailable(format!("{refusal:?}")))?;
        self.wallets.insert(wallet.id, wallet);
        Ok(WalletOpening::Opened)
    }

    pub(super) fn transfer(&mut self, transfer: &Transfer) -> TransferOutcome {
        let entry = transfer.entry();
        if let Some(known) = self.entries.iter().find(|known| known.cause == entry.cause) {
            let is_same = known.wallet == entry.wallet && known.postings == entry.postings;
            return if is_same { TransferOutcome::Replayed } else { TransferOutcome::Conflict };
        }
        match self.post(entry) {
            Ok(()) => TransferOutcome::Done,
            Err(Refusal::Short(shortages)) => TransferOutcome::Insufficient(shortages),
            Err(Refusal::TooMuch(mint)) => TransferOutcome::TooMuch(mint),
        }
    }

    pub(super) fn wallets(&self, account: AccountId) -> Vec<Wallet> {
        let mut wallets: Vec<_> =
            self.wallets.values().filter(|wallet| wallet.account == account).cloned().collect();
        wallets.sort_by_key(|wallet| (wallet.created_at, wallet.id));
        wallets
    }

    pub(super) fn balances(&self, wallet: WalletId) -> Vec<(Mint, Balance)> {
        let of_wallet = self.sheet.balances().filter(|(of, ..)| *of == wallet);
        of_wallet.map(|(_, mint, balance)| (mint, balance)).collect()
    }

    pub(super) fn entries(&self, wallet: WalletId, before: Option<u64>, limit: u32) -> Vec<PostedEntry> {
        let of_wallet = self.posted().filter(|posted| posted.entry.wallet == wallet);
        let earlier = of_wallet.filter(|posted| before.is_none_or(|before| posted.position < before));
        let mut entries: Vec<_> = earlier.collect();
        entries.reverse();
        entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        entries
    }

    pub(super) fn entries_of(&self, order: OrderId) -> Vec<PostedEntry> {
        let is_of =
            |posted: &PostedEntry| matches!(posted.entry.cause, Cause::Order { id, .. } if id == order);
        self.posted().filter(is_of).collect()
    }

    fn posted(&self) -> impl Iterator<Item = PostedEntry> {
        (1..).zip(&self.entries).map(|(position, entry)| PostedEntry { position, entry: entry.clone() })
    }
}
