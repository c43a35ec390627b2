//! The wallets of an account, as far as requests have named them.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use domain::books::{Wallet, WalletId};
use tokio::sync::OnceCell;

/// Which wallets the account has.
#[derive(Debug, Default)]
pub(crate) struct KnownWallets {
    /// Set once the default wallet is there.
    pub(super) default: OnceCell<()>,
    /// No wallet is ever closed or renamed.
    named: Mutex<Names>,
}

/// Wallets by their ids and names.
#[derive(Debug, Default)]
struct Names {
    exact: HashMap<String, WalletId>,
    /// In lower case. Of names that differ in case alone, which only earlier versions allowed, the oldest wallet's.
    folded: HashMap<String, WalletId>,
}

impl KnownWallets {
    pub(super) fn find(&self, name: &str) -> Option<WalletId> {
        let named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let found = named.exact.get(name).or_else(|| named.folded.get(&name.to_ascii_lowercase()));
        found.copied()
    }

    /// Takes in all wallets of the account, oldest first.
    pub(super) fn remember(&self, wallets: &[Wallet]) {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        for wallet in wallets {
            for name in [wallet.id.to_string(), wallet.name.clone()] {
                named.folded.entry(name.to_ascii_lowercase()).or_insert(wallet.id);
                named.exact.insert(name, wallet.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{AccountId, Timestamp, books::WalletKind};

    use super::*;

    fn wallet(name: &str, number: u128) -> Wallet {
        Wallet {
            id: WalletId(uuid::Uuid::from_u128(number)),
            account: AccountId::DEFAULT,
            name: name.to_owned(),
            kind: WalletKind::Paper,
            epoch: 0,
            created_at: Timestamp::default(),
            epoch_began_at: Timestamp::default(),
        }
    }

    #[test]
    fn a_wallet_is_found_in_any_case_and_its_own_name_comes_first() {
        let known = KnownWallets::default();
        let (first, second) = (wallet("Swing", 0xa), wallet("SWING", 2));
        known.remember(&[first.clone(), second.clone()]);
        for (name, expected) in [
            ("Swing", Some(first.id)),
            ("SWING", Some(second.id)),
            ("swing", Some(first.id)),
            ("00000000-0000-0000-0000-00000000000A", Some(first.id)),
            ("swings", None),
        ] {
            assert_eq!(known.find(name), expected, "{name}");
        }
    }
}
