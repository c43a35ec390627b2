//! Transactions of versions before 2026-12, which were JSON and named a swap instead of calls. Those that were open
//! during an upgrade are still sent and settled.

use domain::{QuoteRequest, Swap, legacy};
use serde::Deserialize;
use serde_json::Value;

use super::{TokenAccounts, Transaction};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Legacy {
    last_valid_block_height: u64,
    swap: Swap,
}

pub(super) fn decode(bytes: &[u8]) -> Option<Transaction> {
    let mut transaction: Value = serde_json::from_slice(bytes).ok()?;
    let swap = transaction.get_mut("swap")?;
    let request = QuoteRequest::deserialize(&*swap).ok()?;
    legacy::name_tokens(swap.get_mut("bound")?, &request);
    let Legacy { last_valid_block_height, swap } = serde_json::from_value(transaction).ok()?;
    let accounts = TokenAccounts::default();
    Some(Transaction { last_valid_block_height, swap: Ok(swap), accounts, signatures: 0, priority_fee: 0 })
}
