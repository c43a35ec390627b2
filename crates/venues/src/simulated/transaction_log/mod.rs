//! The chain's transaction log: every transaction that arrived, by its signature and nothing else.
//!
//! It is the oracle of crash tests. If the engine ever sent two transactions for one order, both are
//! here; which order a signature belongs to is recorded only in the engine's own attempts.
//!
//! **An entry is complete when it is written and never changes.** What becomes of a transaction is a
//! pure function of the bytes and the time they arrive, so the outcome is stored with the receipt,
//! visible to plain SQL, and holds even if seed or conditions change later. Until `settles_at` it
//! only has not happened yet. Only which token accounts are open depends on what was recorded before: the
//! first transaction to land opens an account, in the write that records it, and pays its rent.
//!
//! **`Expired` is final**, also against a sender that was paused between reading the clock and
//! writing: the transaction log decides by its own clock, inside the write, whether a transaction is still
//! valid, and before `Expired` is ever returned a tombstone takes the signature's place. Whichever row
//! is there first stays.

mod location;
mod memory;
mod open_accounts;
mod postgres;
mod row;
mod sqlite;
mod unopened;

use std::{error::Error, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    Address, Landed, ProgramError, Signature, Swap, Timestamp,
    ports::{Cause, Clock, TransactionStatus},
};
pub use location::LogLocation;
pub use memory::MemoryLog;
pub use postgres::PostgresLog;
pub use sqlite::SqliteLog;
pub use unopened::UnopenedLog;

use super::{accounts, fee::network_fee, transaction::Transaction};

/// How long a transaction of a database may take, the wait for its connection included. Its connection is
/// closed then, and what was recorded is unknown.
const WITHIN: Duration = Duration::from_secs(8);
/// Records that go into one statement at most.
const MAX_BATCH: usize = 500;
/// Records that may wait for their statement; further senders are held back.
const MAX_WAITING: usize = 10_000;

/// What becomes of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LandingOutcome {
    /// It swaps.
    Landed(Landed),
    /// A program returns an error; nothing is swapped.
    Failed {
        /// The slot it is in all the same.
        slot: u64,
        error: ProgramError,
    },
    /// It is in no block.
    Expired,
}

/// One signature in the transaction log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub signature: Signature,
    /// The transaction; `None` for a tombstone, which closes the transaction log to a signature that
    /// expired without having arrived.
    pub signed_bytes: Option<Vec<u8>>,
    pub received_at: Timestamp,
    pub settles_at: Timestamp,
    pub outcome: LandingOutcome,
    /// The token accounts that are open after it, if it lands. The first entry of an account is the one that opened it, and
    /// has its rent in its outcome.
    pub accounts: Vec<Address>,
}

impl Entry {
    /// Closes the transaction log to a signature.
    pub fn tombstone(signature: Signature, now: Timestamp) -> Self {
        Self {
            signature,
            signed_bytes: None,
            received_at: now,
            settles_at: now,
            outcome: LandingOutcome::Expired,
            accounts: Vec::new(),
        }
    }

    /// The entry, which was the one to open this many of its accounts.
    fn having_opened(mut self, opened: u64) -> Self {
        if let LandingOutcome::Landed(landed) = &mut self.outcome {
            landed.rent = accounts::rent(landed.rent.refunded.0, opened);
        }
        self
    }

    /// Whether both are the same but for what they paid to open accounts, which moves no pool.
    pub fn trades_as(&self, other: &Self) -> bool {
        let outcome = match (&self.outcome, &other.outcome) {
            (LandingOutcome::Landed(one), LandingOutcome::Landed(two)) => {
                one.pool_changes == two.pool_changes
            }
            (one, two) => one == two,
        };
        let [one, two] = [self, other].map(|entry| (&entry.signature, entry.received_at, entry.settles_at));
        outcome && one == two
    }

    /// The swap that its calls amount to; `None` for a tombstone, and where they amount to none.
    pub fn swap(&self) -> Option<Swap> {
        self.transaction()?.swap.ok()
    }

    fn transaction(&self) -> Option<Transaction> {
        Transaction::decode(self.signed_bytes.as_ref()?).ok()
    }

    /// What is known of it at a time.
    pub fn status_at(&self, now: Timestamp) -> TransactionStatus {
        // The entry exists, so the transaction has arrived, whatever the clock says.
        if now.max(self.received_at) < self.settles_at {
            return TransactionStatus::Unknown;
        }
        match &self.outcome {
            LandingOutcome::Landed(landed) => TransactionStatus::Landed(landed.clone()),
            LandingOutcome::Failed { slot, error } => TransactionStatus::Failed {
                slot: *slot,
                network_fee: self.transaction().as_ref().and_then(network_fee),
                error: error.clone(),
            },
            LandingOutcome::Expired => TransactionStatus::Expired,
        }
    }
}

/// The transaction log cannot be read or written; a write may have happened nevertheless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogError(Cause);

impl LogError {
    /// An error of a transaction log elsewhere.
    pub fn new(cause: impl Into<Cause>) -> Self {
        Self(cause.into())
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "transaction log: {}", self.0)
    }
}

impl Error for LogError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// The transaction log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database cannot be reached or its URL is wrong.
    #[error("cannot open the simulated chain's transaction log: {0}")]
    Database(#[from] sqlx::Error),
    /// Its schema cannot be brought up to date.
    #[error("cannot migrate the simulated chain's transaction log: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The folder of its file cannot be made.
    #[error("cannot make the folder of the simulated chain's transaction log: {0}")]
    Folder(#[from] std::io::Error),
}

/// Where transactions are durable.
#[async_trait]
pub trait TransactionLog: Send + Sync + 'static {
    /// The transaction log's time, as well as it is known without asking. No decision that is final rests
    /// on it.
    fn now(&self) -> Timestamp;

    /// Records an entry unless its signature has one, and gives back the one that is there. One that is recorded opens
    /// those of its accounts that are not open, in the same write; what is given back says what it paid for that.
    ///
    /// By the transaction log's clock, a transaction is taken only before `valid_until`, and a tombstone
    /// only from then on; otherwise, and if there is none, `None`.
    ///
    /// # Errors
    /// [`LogError`]: it may have been recorded nevertheless.
    async fn record(&self, entry: Entry, valid_until: Timestamp) -> Result<Option<Entry>, LogError>;

    /// The entry of a signature.
    ///
    /// # Errors
    /// [`LogError`] when it cannot be read.
    async fn find(&self, signature: &Signature) -> Result<Option<Entry>, LogError>;

    /// The swaps among the entries that were received from a time on, in the order of arrival.
    ///
    /// # Errors
    /// [`LogError`] when they cannot be read.
    async fn landed_since(&self, received_at: Timestamp) -> Result<Vec<Entry>, LogError>;

    /// Whether other processes record entries too.
    fn is_shared(&self) -> bool {
        false
    }

    /// Every entry in the order of arrival: for checkers.
    ///
    /// # Errors
    /// [`LogError`] when they cannot be read.
    async fn entries(&self) -> Result<Vec<Entry>, LogError>;

    /// Closes its files at a clean stop, so that nothing is left in a log beside them.
    async fn close(&self) {}
}

/// Opens the transaction log at a place and brings its schema up to date.
///
/// # Errors
/// [`OpenError`].
pub async fn open(
    location: &LogLocation,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn TransactionLog>, OpenError> {
    Ok(match location {
        LogLocation::Postgres(url) => Arc::new(PostgresLog::open(url, clock).await?),
        LogLocation::Sqlite(path) => Arc::new(SqliteLog::open(path, clock).await?),
        LogLocation::Memory => Arc::new(MemoryLog::new(clock)),
    })
}

impl From<sqlx::Error> for LogError {
    fn from(error: sqlx::Error) -> Self {
        Self::new(error)
    }
}

impl From<batching::Stopped> for LogError {
    fn from(stopped: batching::Stopped) -> Self {
        Self::new(stopped)
    }
}

/// The migrations of one database, remembered apart from the engine's own.
fn own_table(mut migrator: sqlx::migrate::Migrator) -> sqlx::migrate::Migrator {
    migrator.dangerous_set_table_name("_simulator_migrations");
    migrator
}
