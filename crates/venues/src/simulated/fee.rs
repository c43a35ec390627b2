//! What the chain charges.

use domain::{Amount, ports::ChainCosts};

use super::{accounts::ACCOUNT_RENT, budget, transaction::Transaction};
use crate::config::Conditions;

/// What the chain charges for each signature, lamports.
const LAMPORTS_PER_SIGNATURE: u64 = 5_000;

/// What the chain charges for a swap, which has one signature and pays the price of the conditions to be first.
pub(super) fn fee_of_a_swap(conditions: &Conditions) -> Amount {
    let priority_fee = budget::priority_fee(&budget::calls(conditions.priority_micro_lamports));
    Amount(LAMPORTS_PER_SIGNATURE.saturating_add(priority_fee))
}

/// What the chain takes under these conditions.
pub fn costs(conditions: &Conditions) -> ChainCosts {
    ChainCosts { attempt: fee_of_a_swap(conditions), account: ACCOUNT_RENT }
}

/// What the chain charges for a transaction that landed; unknown for those of versions before 2026-12.
pub(super) fn network_fee(transaction: &Transaction) -> Option<Amount> {
    let Transaction { signatures, priority_fee, .. } = *transaction;
    (signatures > 0).then(|| Amount((signatures * LAMPORTS_PER_SIGNATURE).saturating_add(priority_fee)))
}
