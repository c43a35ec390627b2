//! Token accounts, and the rent that lies in them.

use domain::{Address, Amount, swap::Rent};

/// What a token account of 165 bytes must hold to be exempt from rent, lamports.
pub const ACCOUNT_RENT: Amount = Amount(2_039_280);

/// What a transaction does to token accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TokenAccounts {
    /// Those that it creates unless they are open, and leaves open.
    kept: Vec<Address>,
    /// How many it opens and closes again.
    lent: u64,
}

impl TokenAccounts {
    /// Once more is the same as once.
    pub(super) fn create(&mut self, account: Address) {
        if !self.is_created(account) {
            self.kept.push(account);
        }
    }

    pub(super) fn close(&mut self, account: Address) {
        let before = self.kept.len();
        self.kept.retain(|kept| *kept != account);
        self.lent += (before - self.kept.len()) as u64;
    }

    /// Whether it has created the account and not closed it.
    pub(super) fn is_created(&self, account: Address) -> bool {
        self.kept.contains(&account)
    }

    /// The accounts that are open once it has landed.
    pub(super) fn kept(&self) -> &[Address] {
        &self.kept
    }

    /// The rent of the transaction if it is the one that opened this many of the accounts it keeps.
    pub(super) fn rent(&self, opened: u64) -> Rent {
        rent(ACCOUNT_RENT.0 * self.lent, opened)
    }
}

/// The rent of a transaction that got some back, in lamports, for accounts it opened and closed, and opened others that it
/// keeps.
pub(super) fn rent(refunded: u64, opened: u64) -> Rent {
    Rent { paid: Amount(refunded + ACCOUNT_RENT.0 * opened), refunded: Amount(refunded) }
}
