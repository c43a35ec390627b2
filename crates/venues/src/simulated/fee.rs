//! What the chain charges.

use domain::Amount;

use super::transaction::Transaction;

/// What the chain charges for each signature, lamports.
const LAMPORTS_PER_SIGNATURE: u64 = 5_000;

/// What the chain charges for a swap, which has one signature.
pub const NETWORK_FEE: Amount = Amount(LAMPORTS_PER_SIGNATURE);

/// What the chain charges for a transaction that landed; unknown for those of versions before 2026-12.
pub(super) fn network_fee(transaction: &Transaction) -> Option<Amount> {
    (transaction.signatures > 0).then_some(Amount(transaction.signatures * LAMPORTS_PER_SIGNATURE))
}
