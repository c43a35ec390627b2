use async_trait::async_trait;

use super::StoreError;
use crate::{
    AccountId, Mint, OrderId,
    books::{Balance, Entry, Payment, Transfer, TransferId, TransferOutcome, Wallet, WalletId},
};

/// Paper wallets and their books. What orders do to them is written by [`OrderIntake`](super::OrderIntake) and
/// [`Executions`](super::Executions), in the transactions of their acceptances and commits.
#[async_trait]
pub trait Wallets: Send + Sync + 'static {
    /// Opens a wallet with what it begins with, once per id. Its name must be new to the account, without regard to case.
    ///
    /// # Errors
    /// [`StoreError`]: the wallet may or may not exist; open it again with the same id.
    async fn open_wallet(&self, wallet: Wallet, opening: Vec<Payment>) -> Result<WalletOpening, StoreError>;

    /// Carries out a deposit, a withdrawal or a reset, once per id.
    ///
    /// # Errors
    /// [`StoreError`]: it may or may not have been carried out; repeat it with the same id.
    async fn transfer(&self, transfer: Transfer) -> Result<TransferOutcome, StoreError>;

    /// What the transfer with an id did to the books, if it was carried out.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn entry_of(&self, transfer: TransferId) -> Result<Option<PostedEntry>, StoreError>;

    /// The wallets of an account, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn wallets(&self, account: AccountId) -> Result<Vec<Wallet>, StoreError>;

    /// What a wallet has, by token, in the order of their mints.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn balances(&self, wallet: WalletId) -> Result<Vec<(Mint, Balance)>, StoreError>;

    /// Entries of a wallet's books, newest first: those before a position, or the newest ones.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn entries(
        &self,
        wallet: WalletId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<PostedEntry>, StoreError>;

    /// Entries of a wallet's books after a position, oldest first. Nothing that is written later has a position before
    /// that of an entry that was read.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn entries_after(
        &self,
        wallet: WalletId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<PostedEntry>, StoreError>;

    /// What an order did to the books, in the order of its events.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn entries_of(&self, order: OrderId) -> Result<Vec<PostedEntry>, StoreError>;
}

/// An entry with its place in the books of its wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedEntry {
    /// Grows with every entry of the wallet, not always by one.
    pub position: u64,
    pub entry: Entry,
}

/// The result of opening a wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WalletOpening {
    Opened,
    /// The wallet was opened before.
    Known,
    /// Another wallet of the account has the name, in this case or another.
    NameTaken,
}
