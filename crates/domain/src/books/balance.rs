use std::collections::BTreeMap;

use super::{Posting, Side, WalletId};
use crate::{Amount, Mint};

/// What a wallet has of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// Base units, what is held for orders included.
    pub total: Amount,
    /// The part that is held for orders, base units.
    pub held: Amount,
}

/// A change of a balance, base units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Change {
    pub total: i128,
    pub held: i128,
}

impl Balance {
    /// The most that a wallet can have of a token, base units: what both databases can count.
    pub const MAX: u64 = i64::MAX as u64;

    /// What orders and withdrawals may take.
    pub fn free(self) -> Amount {
        Amount(self.total.0.saturating_sub(self.held.0))
    }

    /// The balance after a change; `None` if something of it would be negative or more than [`Self::MAX`].
    #[must_use]
    pub fn after(self, change: Change) -> Option<Self> {
        let total = i128::from(self.total.0).checked_add(change.total)?;
        let held = i128::from(self.held.0).checked_add(change.held)?;
        if held < 0 || held > total || total > i128::from(Self::MAX) {
            return None;
        }
        Some(Self { total: Amount(u64::try_from(total).ok()?), held: Amount(u64::try_from(held).ok()?) })
    }
}

impl Change {
    fn add(&mut self, posting: &Posting) {
        let units = i128::from(posting.units.0);
        let (from, to) = posting.kind.sides();
        for (side, units) in [(from, -units), (to, units)] {
            match side {
                Side::Free => self.total += units,
                Side::Held => {
                    self.total += units;
                    self.held += units;
                }
                _ => {}
            }
        }
    }

    /// How much more must be free for it, base units; negative is how much it frees.
    pub fn needs(self) -> i128 {
        self.held - self.total
    }
}

/// What postings change, by wallet and token.
pub fn changes<'a>(
    postings: impl IntoIterator<Item = (WalletId, &'a Posting)>,
) -> BTreeMap<(WalletId, Mint), Change> {
    let mut changes: BTreeMap<(WalletId, Mint), Change> = BTreeMap::new();
    for (wallet, posting) in postings {
        changes.entry((wallet, posting.mint)).or_default().add(posting);
    }
    changes
}
