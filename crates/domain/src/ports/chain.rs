use std::{error::Error, fmt, time::Duration};

use async_trait::async_trait;

use crate::{
    Address, Amount, Failure, ProgramError,
    ports::Cause,
    swap::{Landed, Message, Plan, SignedTransaction},
};

/// A call of the chain failed. Whether a transaction was sent is then unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainError {
    /// It cannot be reached, or did not answer in time.
    Unreachable(Cause),
    /// It asks for fewer calls.
    RateLimited {
        /// When it may be asked again.
        retry_after: Duration,
    },
    /// It is too far behind to be a witness.
    Lagging(String),
    /// It rejects the call as invalid. Repeating it does not help.
    Refused(String),
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(cause) => write!(f, "chain unreachable: {cause}"),
            Self::RateLimited { retry_after } => {
                write!(f, "chain refuses further calls for {} ms", retry_after.as_millis())
            }
            Self::Lagging(how) => write!(f, "chain lags behind: {how}"),
            Self::Refused(why) => write!(f, "chain refused: {why}"),
        }
    }
}

impl Error for ChainError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreachable(cause) => cause.source(),
            Self::RateLimited { .. } | Self::Lagging(_) | Self::Refused(_) => None,
        }
    }
}

/// What the chain knows of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionStatus {
    /// It landed and every call succeeded. Final: no fork can take it back.
    Landed(Landed),
    /// It landed and a program returned an error, so that nothing was swapped. Final.
    Failed {
        slot: u64,
        /// What the chain charged all the same, lamports, where it is known.
        network_fee: Option<Amount>,
        error: ProgramError,
    },
    /// It is not on chain and can still land.
    Unknown,
    /// It is not on chain and never will be: its last valid block height has passed on every node. Final.
    Expired,
}

/// The blockchain: composes the transaction of a plan, sends it, and reports its outcome. It holds no key.
#[async_trait]
pub trait Chain: Send + Sync + 'static {
    /// The transaction of a plan, against a recent block hash, ready to be signed by `payer`. What the plan calls is
    /// what is signed. Two compositions of one plan are two transactions.
    ///
    /// # Errors
    /// [`Failure`]: there is no recent block hash, or the transaction would fail.
    async fn compose(&self, plan: &Plan, payer: Address) -> Result<Message, Failure>;

    /// Sends a signed transaction. Sending the same bytes again is the same transaction.
    ///
    /// # Errors
    /// [`ChainError`]: ambiguous, it may have arrived nevertheless.
    async fn send(&self, transaction: &SignedTransaction) -> Result<(), ChainError>;

    /// The status of a transaction. Its bytes say what to look for, and its last valid block height distinguishes
    /// [`TransactionStatus::Unknown`] from [`TransactionStatus::Expired`].
    ///
    /// # Errors
    /// [`ChainError`] when the chain cannot be asked; nothing follows from that.
    async fn status(&self, transaction: &SignedTransaction) -> Result<TransactionStatus, ChainError>;

    /// Like [`Chain::status`], but waits up to `patience` for an answer other than
    /// [`TransactionStatus::Unknown`].
    ///
    /// # Errors
    /// As [`Chain::status`].
    async fn await_status(
        &self,
        transaction: &SignedTransaction,
        patience: Duration,
    ) -> Result<TransactionStatus, ChainError>;

    /// Closes it cleanly, after the last call.
    async fn close(&self) {}
}
