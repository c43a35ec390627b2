use std::time::Duration;

use async_trait::async_trait;

use crate::{Failure, Fill, Signature, Swap, swap::SignedTransaction};

/// The chain could not be reached: whether a transaction was sent is then unknown.
#[derive(Debug, thiserror::Error)]
#[error("chain unreachable: {0}")]
pub struct ChainError(pub String);

/// What the chain knows of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionStatus {
    /// It landed and swapped.
    Landed(Fill),
    /// It landed and the program returned an error; nothing was swapped.
    Reverted(Failure),
    /// It is not on chain and can still land.
    Unknown,
    /// It is not on chain and never will be: its last valid block height has passed.
    Expired,
}

/// The blockchain: signs with the engine's key, takes transactions, tells what became of them.
#[async_trait]
pub trait Chain: Send + Sync + 'static {
    /// Signs a swap against a recent block hash. Nothing is sent, so nothing can land yet. Two
    /// calls give two different transactions.
    ///
    /// # Errors
    /// [`ChainError`] when there is no recent block hash to be had.
    async fn sign(&self, swap: &Swap) -> Result<SignedTransaction, ChainError>;

    /// Sends a signed transaction. Sending the same bytes again is the same transaction.
    ///
    /// # Errors
    /// [`ChainError`]: ambiguous, it may have arrived nevertheless.
    async fn send(&self, transaction: &SignedTransaction) -> Result<(), ChainError>;

    /// What became of a transaction, by its signature. `last_valid_block_height` tells
    /// [`TransactionStatus::Unknown`] from [`TransactionStatus::Expired`]; the latter is final.
    ///
    /// # Errors
    /// [`ChainError`] when the chain cannot be asked; nothing follows from that.
    async fn status(
        &self,
        signature: &Signature,
        last_valid_block_height: u64,
    ) -> Result<TransactionStatus, ChainError>;

    /// Like [`Chain::status`], but waits up to `patience` for an answer other than
    /// [`TransactionStatus::Unknown`].
    ///
    /// # Errors
    /// As [`Chain::status`].
    async fn await_status(
        &self,
        signature: &Signature,
        last_valid_block_height: u64,
        patience: Duration,
    ) -> Result<TransactionStatus, ChainError>;

    /// Puts everything in order at a clean stop, after the last call.
    async fn close(&self) {}
}
