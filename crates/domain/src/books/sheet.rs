use std::collections::BTreeMap;

use super::{Balance, Cause, Change, Entry, Posting, PostingKind, WalletId, changes};
use crate::{Amount, Mint};

/// Balances that entries are applied to one after the other.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    balances: BTreeMap<(WalletId, Mint), Balance>,
}

/// Why an entry does not fit the balances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Less is free than it needs.
    Short(Vec<Shortage>),
    /// The wallet would have more of the token than [`Balance::MAX`].
    TooMuch(Mint),
    /// Less is held of the token than is to be released.
    NotHeld(Mint),
}

/// Less is free of a token than is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    pub mint: Mint,
    /// Base units; more than 64 bits can say are said as the most that they can.
    pub needed: Amount,
    /// Base units.
    pub free: Amount,
}

impl Sheet {
    /// Sets a balance. Those that were never set are zero.
    pub fn set(&mut self, wallet: WalletId, mint: Mint, balance: Balance) {
        self.balances.insert((wallet, mint), balance);
    }

    /// Whether a balance was set, or changed by an entry.
    pub fn has(&self, wallet: WalletId, mint: Mint) -> bool {
        self.balances.contains_key(&(wallet, mint))
    }

    /// The balances of one wallet that were set or changed, by token.
    pub fn of(&self, wallet: WalletId) -> impl Iterator<Item = (Mint, Balance)> {
        self.balances().filter(move |(of, ..)| *of == wallet).map(|(_, mint, balance)| (mint, balance))
    }

    /// The balances that were set or changed, by wallet and token.
    pub fn balances(&self) -> impl Iterator<Item = (WalletId, Mint, Balance)> {
        self.balances.iter().map(|(&(wallet, mint), &balance)| (wallet, mint, balance))
    }

    /// The entry of an order's step as it is written: what its wallet cannot hold is withdrawn at once, because a swap
    /// that landed must be settled. Other entries stay as they are: a deposit that is too large can be refused.
    #[must_use]
    pub fn fitted(&self, mut entry: Entry) -> Entry {
        if !matches!(entry.cause, Cause::Order { .. }) {
            return entry;
        }
        let changes = changes_of(&entry);
        let excess = changes.into_iter().filter_map(|((wallet, mint), change)| {
            let before = self.balances.get(&(wallet, mint)).copied().unwrap_or_default();
            let excess = i128::from(before.total.0) + change.total - i128::from(Balance::MAX);
            let excess = Amount(u64::try_from(excess).ok()?); // there is none if it is negative
            (excess.0 > 0).then(|| Posting::new(PostingKind::Withdrawal, mint, excess))
        });
        entry.postings.extend(excess);
        entry
    }

    /// Applies an entry, all of it or nothing.
    ///
    /// # Errors
    /// When something of a balance would be negative, or more than can be counted.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Refusal> {
        let (mut after, mut shortages) = (Vec::new(), Vec::new());
        for (key, change) in changes_of(entry) {
            let before = self.balances.get(&key).copied().unwrap_or_default();
            match before.after(change) {
                Some(balance) => after.push((key, balance)),
                None if change.needs() > i128::from(before.free().0) => shortages.push(Shortage {
                    mint: key.1,
                    needed: Amount(u64::try_from(change.needs()).unwrap_or(u64::MAX)),
                    free: before.free(),
                }),
                None if i128::from(before.held.0) + change.held < 0 => return Err(Refusal::NotHeld(key.1)),
                None => return Err(Refusal::TooMuch(key.1)),
            }
        }
        if !shortages.is_empty() {
            return Err(Refusal::Short(shortages));
        }
        self.balances.extend(after);
        Ok(())
    }
}

fn changes_of(entry: &Entry) -> BTreeMap<(WalletId, Mint), Change> {
    changes(entry.postings.iter().map(|posting| (entry.wallet, posting)))
}
