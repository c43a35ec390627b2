//! What entries change of balances, and whether it fits.

use std::{collections::BTreeMap, fmt};

use domain::{
    Mint,
    books::{Change, Entry, WalletId, changes},
};

/// The balance of a wallet that everybody who writes to its books locks first. Entries of one wallet are so written one
/// after the other, and have ascending positions.
pub(super) const FIRST: Mint = Mint::WRAPPED_SOL;

/// The changes of entries, summed up by wallet and token.
pub(super) fn changed(entries: &[&Entry]) -> BTreeMap<(WalletId, Mint), Change> {
    changes(entries.iter().flat_map(|entry| entry.postings.iter().map(|posting| (entry.wallet, posting))))
}

/// An entry changes a balance by more than the database can count.
#[derive(Debug)]
pub(super) struct Uncountable;

impl fmt::Display for Uncountable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a balance would change by more than 64 bits can count")
    }
}

impl std::error::Error for Uncountable {}

/// Whether entries failed that were written with [`Care::Little`], since something of a balance would have been negative
/// or more than can be counted.
pub(super) fn does_not_fit(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Encode(error) = error {
        return error.is::<Uncountable>();
    }
    let Some(error) = error.as_database_error() else { return false };
    match error.code().as_deref() {
        Some("23514") => error.table() == Some("balances"), // a check was violated
        Some("22003") => true,                              // out of range
        _ => false,
    }
}
