//! Requests to a database: its writes as values, so that they can be grouped.

use std::{future::Future, sync::Arc, time::Duration};

use database::{Pool, Severity};
use domain::{
    AccountId, OrderId,
    books::{Payment, Transfer, TransferOutcome, Wallet},
    ports::{
        Acceptance, Accepted, Cancel, Cancellation, Claim, Commit, CommitOutcome, DueOrder, Fence,
        StoreError, WalletOpening,
    },
};

use super::reader::Reader;

/// A write.
#[derive(Debug, Clone)]
pub(super) enum Write {
    Accept(Box<Acceptance>),
    Claim { id: OrderId, worker: String, lease: Duration },
    Renew { fence: Fence, lease: Duration },
    Release { fence: Fence, due_after: Duration },
    Unpark { account: AccountId, id: OrderId },
    Cancel(Cancel),
    Commit(Box<Commit>),
    LeaseDue { limit: u32, redeliver_after: Duration },
    OpenWallet { wallet: Box<Wallet>, opening: Vec<Payment> },
    Transfer(Box<Transfer>),
}

impl Write {
    /// What it does, for metrics.
    pub(super) fn operation(&self) -> &'static str {
        match self {
            Self::Accept(_) => "accept",
            Self::Claim { .. } => "claim",
            Self::Renew { .. } => "renew",
            Self::Release { .. } => "release",
            Self::Unpark { .. } => "unpark",
            Self::Cancel(_) => "cancel",
            Self::Commit(_) => "commit",
            Self::LeaseDue { .. } => "lease_due",
            Self::OpenWallet { .. } => "open_wallet",
            Self::Transfer(_) => "transfer",
        }
    }

    /// The order whose row it changes; a new order has none yet.
    pub(super) fn order(&self) -> Option<OrderId> {
        match self {
            Self::Claim { id, .. } | Self::Unpark { id, .. } => Some(*id),
            Self::Cancel(cancel) => Some(cancel.id),
            Self::Renew { fence, .. } | Self::Release { fence, .. } => Some(fence.order_id),
            Self::Commit(commit) => Some(commit.fence.order_id),
            Self::Accept(_) | Self::LeaseDue { .. } | Self::OpenWallet { .. } | Self::Transfer(_) => None,
        }
    }
}

/// The result of a write.
#[derive(Debug)]
pub(super) enum Written {
    Accept(Accepted),
    Claim(Option<Box<Claim>>),
    Renew(bool),
    Release,
    Unpark(bool),
    Cancel(Cancellation),
    Commit(CommitOutcome),
    LeaseDue(Vec<DueOrder>),
    OpenWallet(WalletOpening),
    Transfer(TransferOutcome),
    /// It was not written, and what stood against it could not be found out. Others of its batch are durable.
    Refused(Arc<sqlx::Error>),
}

impl Written {
    /// The result of a write that was tried before. Its first try may have stored the order, which is then a new one
    /// all the same.
    pub(super) fn after_another_try(self, write: &Write) -> Self {
        match (write, self) {
            (Write::Accept(asked), Self::Accept(Accepted::Replayed(known))) if known.id == asked.order.id => {
                Self::Accept(Accepted::Created)
            }
            (_, written) => written,
        }
    }

    /// What its caller learns.
    pub(super) fn answer(self) -> Result<Self, StoreError> {
        match self {
            Self::Refused(error) => Err(unavailable(&error)),
            written => Ok(written),
        }
    }
}

/// How long writes wait for locked rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Briefly: others are waiting for the same transaction.
    Short,
    /// As long as is reasonable: it is alone.
    Long,
}

/// A database that holds orders.
pub(super) trait Database: Send + Sync + 'static {
    /// Its connections for reads.
    type Reader: Reader;

    /// Transactions that this process writes at a time.
    const BATCHES_IN_FLIGHT: usize;

    /// The connections that only read.
    fn readers(&self) -> &Pool<Self::Reader>;

    /// Closes the connections at a clean stop.
    fn close(&self) -> impl Future<Output = ()> + Send;

    /// Writes that may wait for locked rows at a time, beside the batches.
    fn patient_writes(&self) -> usize;

    /// Runs writes in one transaction, in order. When it fails nothing of it is written, unless the
    /// connection broke, or they are acceptances: those find their orders by their ids when they come
    /// again. Dropped before it ends, it closes its connection.
    fn write_all(
        &self,
        writes: &[Write],
        patience: Patience,
    ) -> impl Future<Output = sqlx::Result<Vec<Written>>> + Send;

    /// Probes whether orders can be written, by a meaningless write that is committed as an order is.
    fn probe(&self) -> impl Future<Output = sqlx::Result<()>> + Send;
}

/// What the caller may conclude from an error of the database.
pub(super) fn unavailable(error: &Arc<sqlx::Error>) -> StoreError {
    match error.as_ref() {
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => {
            StoreError::Unreadable(error.clone().into())
        }
        _ if Severity::of(error) == Severity::Lost => StoreError::unknown(error.clone()),
        _ => StoreError::unavailable(error.clone()),
    }
}
