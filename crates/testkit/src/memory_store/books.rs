//! Wallets and their books.

use std::collections::BTreeMap;

use domain::{
    AccountId, Mint, OrderId,
    books::{
        Balance, Cause, Entry, Payment, PostingKind, Refusal, Sheet, Transfer, TransferId, TransferOutcome,
        Wallet, WalletId,
    },
    ports::{PostedEntry, StoreError, WalletOpening},
};

/// How the books are kept wrongly, for negative controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BooksFault {
    /// What an order no longer needs stays held.
    ForgetsReleases,
    /// What a commit moves is written whether the commit passes or not.
    PostsApart,
    /// What an order needs is held twice.
    HoldsTwice,
}

/// Whether an entry was written by the transfer with an id.
fn is_of(entry: &Entry, transfer: TransferId) -> bool {
    !matches!(entry.cause, Cause::Order { .. }) && entry.cause.id() == transfer.0
}

/// Wallets, balances and entries.
#[derive(Clone, Default)]
pub(super) struct Books {
    pub(super) fault: Option<BooksFault>,
    wallets: BTreeMap<WalletId, Wallet>,
    sheet: Sheet,
    entries: Vec<Entry>,
}

impl Books {
    /// Writes an entry, all of it or nothing.
    pub(super) fn post(&mut self, mut entry: Entry) -> Result<(), Refusal> {
        match self.fault {
            Some(BooksFault::ForgetsReleases) => {
                entry.postings.retain(|posting| posting.kind != PostingKind::Release);
            }
            Some(BooksFault::HoldsTwice)
                if entry.postings.iter().any(|posting| posting.kind == PostingKind::Hold) =>
            {
                self.sheet.apply(&entry)?;
                self.entries.push(entry.clone());
            }
            _ => {}
        }
        self.sheet.apply(&entry)?;
        self.entries.push(entry);
        Ok(())
    }

    /// Writes the entry of an order's step, which must fit.
    pub(super) fn settle(&mut self, entry: Entry) -> Result<(), Refusal> {
        let entry = self.sheet.fitted(entry);
        self.post(entry)
    }

    pub(super) fn open(
        &mut self,
        wallet: Wallet,
        opening: Vec<Payment>,
    ) -> Result<WalletOpening, StoreError> {
        if self.wallets.contains_key(&wallet.id) {
            return Ok(WalletOpening::Known);
        }
        let mut of_account = self.wallets.values().filter(|known| known.account == wallet.account);
        if of_account.any(|known| known.name_key() == wallet.name_key()) {
            return Ok(WalletOpening::NameTaken);
        }
        self.post(wallet.opening(opening).entry())
            .map_err(|refusal| StoreError::unavailable(format!("{refusal:?}")))?;
        self.wallets.insert(wallet.id, wallet);
        Ok(WalletOpening::Opened)
    }

    pub(super) fn transfer(&mut self, transfer: &Transfer) -> TransferOutcome {
        let known = self.entries.iter().find(|entry| is_of(entry, transfer.id));
        let epoch = self.wallets.get(&transfer.wallet).map_or(0, |wallet| wallet.epoch);
        let (outcome, entry) = transfer.carry_out(&mut self.sheet, known, epoch);
        if let Some(entry) = entry {
            if let (Cause::Reset { epoch, .. }, Some(wallet)) =
                (entry.cause, self.wallets.get_mut(&entry.wallet))
            {
                (wallet.epoch, wallet.epoch_began_at) = (epoch, entry.at);
            }
            self.entries.push(entry);
        }
        outcome
    }

    pub(super) fn entry_of(&self, transfer: TransferId) -> Option<PostedEntry> {
        self.posted().find(|posted| is_of(&posted.entry, transfer))
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

    pub(super) fn entries_after(&self, wallet: WalletId, after: u64, limit: u32) -> Vec<PostedEntry> {
        let of_wallet =
            self.posted().filter(|posted| posted.entry.wallet == wallet && posted.position > after);
        of_wallet.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect()
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
