//! Token accounts that are known to be open, so that writing needs not ask.

use domain::Address;
use moka::sync::Cache;

use super::Entry;

/// Accounts that are remembered. An account that was forgotten costs a needless write.
const REMEMBERED: u64 = 100_000;

/// What one process knows. Nothing closes an account, so it stays true.
#[derive(Clone)]
pub(super) struct OpenAccounts(Cache<Address, ()>);

impl OpenAccounts {
    pub(super) fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }

    /// The accounts of an entry that may have to be opened.
    pub(super) fn unknown_of<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = String> + 'a {
        let unknown = entry.accounts.iter().filter(|account| !self.0.contains_key(*account));
        unknown.map(Address::to_string)
    }

    /// Remembers the accounts of an entry that is recorded.
    pub(super) fn remember(&self, entry: &Entry) {
        for account in &entry.accounts {
            if !self.0.contains_key(account) {
                self.0.insert(*account, ());
            }
        }
    }
}
