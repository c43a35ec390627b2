//! The books of paper money: wallets, what orders hold in them, and what they move, as double entry.
//!
//! Every change of a balance is a [`Posting`]: an amount of one token that goes from one side to another. Postings with
//! one cause make an [`Entry`], which is written in the transaction of that cause, so that either both are there or
//! neither. What an order's event does to the books is a function of the order and the event ([`Entry::of_step`]).

mod balance;
mod entry;
mod funding;
mod posting;
mod profit;
#[cfg(test)]
mod profit_tests;
mod sheet;
#[cfg(test)]
mod tests;
mod transfer;
mod wallet;

pub use balance::{Balance, Change, changes};
pub use entry::{Cause, Entry};
pub use funding::Funding;
pub use posting::{Posting, PostingKind, Side};
pub use profit::{Fees, Holding, Profit};
pub use sheet::{Refusal, Sheet, Shortage};
pub use transfer::{Payment, Transfer, TransferId, TransferKind, TransferOutcome};
pub use wallet::{Wallet, WalletId, WalletKind};
