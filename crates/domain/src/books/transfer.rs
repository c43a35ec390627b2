use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Balance, Cause, Entry, Posting, PostingKind, Refusal, Sheet, Shortage, WalletId};
use crate::{Amount, Mint, Timestamp};

/// Identifies a deposit, a withdrawal or a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransferId(pub Uuid);

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a wallet's owner does with paper money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferKind {
    /// Adds the payments.
    Deposit,
    /// Takes the payments out.
    Withdrawal,
    /// Takes everything out and begins a new epoch with the payments.
    Reset,
}

/// An amount of one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    pub mint: Mint,
    /// Base units.
    pub units: Amount,
    /// What it is worth now, base units of [`Token::USDC`](crate::Token::USDC); needed for deposits only.
    pub worth: Option<Amount>,
}

/// A deposit into a paper wallet, a withdrawal from it, or its reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The same id is carried out once.
    pub id: TransferId,
    pub wallet: WalletId,
    pub kind: TransferKind,
    /// How much of each token, each token once.
    pub payments: Vec<Payment>,
    pub at: Timestamp,
}

/// The result of a transfer. Nothing was written unless it is `Done`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferOutcome {
    Done,
    /// The same transfer was carried out before.
    Replayed,
    /// Another transfer has the id.
    Conflict,
    /// The wallet has less free than is to be withdrawn.
    Insufficient(Vec<Shortage>),
    /// The wallet would have more of a token than it can hold.
    TooMuch(Mint),
    /// The wallet cannot be reset while something is held for orders.
    Held,
}

impl Transfer {
    /// Carries it out on a sheet that has the balances of the wallet's tokens in question, for a reset all of them.
    /// `known` is the entry that has its id, `epoch` how often the wallet was reset before.
    pub fn carry_out(
        &self,
        sheet: &mut Sheet,
        known: Option<&Entry>,
        epoch: u32,
    ) -> (TransferOutcome, Option<Entry>) {
        if let Some(known) = known {
            let same = if self.wrote(known) { TransferOutcome::Replayed } else { TransferOutcome::Conflict };
            return (same, None);
        }
        let entry = match self.kind {
            TransferKind::Deposit | TransferKind::Withdrawal => self.entry(),
            TransferKind::Reset => {
                let balances: Vec<_> = sheet.of(self.wallet).collect();
                if balances.iter().any(|(_, balance)| balance.held.0 > 0) {
                    return (TransferOutcome::Held, None);
                }
                self.reset(&balances, epoch + 1)
            }
        };
        match sheet.apply(&entry) {
            Ok(()) => (TransferOutcome::Done, Some(entry)),
            Err(Refusal::Short(shortages)) => (TransferOutcome::Insufficient(shortages), None),
            Err(Refusal::TooMuch(mint) | Refusal::NotHeld(mint)) => (TransferOutcome::TooMuch(mint), None),
        }
    }

    /// The entry of a deposit or a withdrawal.
    pub fn entry(&self) -> Entry {
        let cause = Cause::Transfer(self.id);
        Entry { wallet: self.wallet, cause, at: self.at, postings: self.paid().collect() }
    }

    fn reset(&self, balances: &[(Mint, Balance)], epoch: u32) -> Entry {
        let out = balances.iter().filter(|(_, balance)| balance.total.0 > 0);
        let out = out.map(|(mint, balance)| Posting::new(PostingKind::Withdrawal, *mint, balance.total));
        let postings = out.chain(self.paid()).collect();
        Entry { wallet: self.wallet, cause: Cause::Reset { id: self.id, epoch }, at: self.at, postings }
    }

    fn paid(&self) -> impl Iterator<Item = Posting> {
        let kind = match self.kind {
            TransferKind::Deposit | TransferKind::Reset => PostingKind::Deposit,
            TransferKind::Withdrawal => PostingKind::Withdrawal,
        };
        let paid = self.payments.iter().filter(|payment| payment.units.0 > 0);
        paid.map(move |&Payment { mint, units, worth }| {
            let worth = worth.filter(|_| kind == PostingKind::Deposit);
            Posting { kind, mint, units, worth }
        })
    }

    /// Whether an entry with its id was written by the same transfer, at whatever time and prices.
    pub fn wrote(&self, known: &Entry) -> bool {
        let is_reset = matches!(known.cause, Cause::Reset { .. });
        let theirs = known.postings.iter();
        let theirs = theirs.filter(|posting| !is_reset || posting.kind == PostingKind::Deposit);
        // a request names its tokens in no particular order
        let by_mint = |mut postings: Vec<Posting>| {
            postings.sort_unstable_by_key(|posting| posting.mint);
            postings
        };
        let (ours, theirs) = (by_mint(self.paid().collect()), by_mint(theirs.copied().collect()));
        known.wallet == self.wallet
            && is_reset == (self.kind == TransferKind::Reset)
            && ours.len() == theirs.len()
            && ours.iter().zip(&theirs).all(|(ours, theirs)| ours.moves_the_same(theirs))
    }
}
