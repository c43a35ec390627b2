//! The ledger in a `SQLite` file of its own.

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use batching::Batcher;
use domain::{Signature, Timestamp, ports::Clock};
use sqlx::{
    SqliteConnection, SqlitePool,
    migrate::MigrateError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Entry, Ledger, LedgerError, MAX_BATCH, MAX_WAITING, OpenError, own_table, row::Row};

/// Tries of the migrations: `SQLite` has no lock that spans them, so of two processes that start at
/// once one may find the other's work half done.
const MIGRATION_TRIES: u32 = 20;

type Recorded = Result<Option<Entry>, LedgerError>;

/// The ledger in a file.
pub struct SqliteLedger {
    clock: Arc<dyn Clock>,
    reads: SqlitePool,
    writes: Batcher<(Entry, Timestamp), Recorded>,
}

impl SqliteLedger {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // Survives the death of the process. A power cut may take the last entries, and with
            // them every process that could have heard of them; the engine then sends again.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(10));
        let write = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        migrate(&write).await?;
        let reads = SqlitePoolOptions::new().max_connections(2).connect_with(options.read_only(true)).await?;
        let writes = {
            let clock = clock.clone();
            Batcher::spawn(MAX_BATCH, MAX_WAITING, move |batch| {
                record_all(write.clone(), clock.clone(), batch)
            })
        };
        Ok(Self { clock, reads, writes })
    }
}

async fn migrate(pool: &SqlitePool) -> Result<(), MigrateError> {
    let migrator = own_table(sqlx::migrate!("../../migrations/simulator/sqlite"));
    for _ in 1..MIGRATION_TRIES {
        match migrator.run(pool).await {
            Ok(()) => return Ok(()),
            Err(error) => tracing::debug!(%error, "migrating the simulated chain's ledger again"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    migrator.run(pool).await
}

#[async_trait]
impl Ledger for SqliteLedger {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn record(&self, entry: Entry, valid_until: Timestamp) -> Result<Option<Entry>, LedgerError> {
        self.writes.submit((entry, valid_until)).await?
    }

    async fn find(&self, signature: &Signature) -> Result<Option<Entry>, LedgerError> {
        let mut connection = self.reads.acquire().await?;
        find(&mut connection, signature).await
    }

    async fn entries(&self) -> Result<Vec<Entry>, LedgerError> {
        let rows: Vec<Row> =
            sqlx::query_as("SELECT * FROM simulated_transactions ORDER BY received_at, signature")
                .fetch_all(&self.reads)
                .await?;
        rows.into_iter().map(Entry::try_from).collect()
    }
}

/// Records a batch in one transaction: all of it or, on an error, nothing.
async fn record_all(
    pool: SqlitePool,
    clock: Arc<dyn Clock>,
    batch: Vec<(Entry, Timestamp)>,
) -> Vec<Recorded> {
    let size = batch.len();
    match try_record_all(&pool, clock.as_ref(), batch).await {
        Ok(recorded) => recorded.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error); size],
    }
}

async fn try_record_all(
    pool: &SqlitePool,
    clock: &dyn Clock,
    batch: Vec<(Entry, Timestamp)>,
) -> Result<Vec<Option<Entry>>, LedgerError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let mut recorded = Vec::with_capacity(batch.len());
    for (entry, valid_until) in batch {
        // Read under the write lock: nobody can be between this look at the clock and the insert.
        let is_valid = clock.now() < valid_until;
        let is_new = is_valid == entry.signed_bytes.is_some() && insert(&mut transaction, &entry).await?;
        recorded.push(if is_new { Some(entry) } else { find(&mut transaction, &entry.signature).await? });
    }
    transaction.commit().await?;
    Ok(recorded)
}

/// Whether the entry is now in the ledger because of this call.
async fn insert(connection: &mut SqliteConnection, entry: &Entry) -> Result<bool, LedgerError> {
    let row = Row::of(entry)?;
    let done = sqlx::query(
        "INSERT INTO simulated_transactions (signature, signed_bytes, received_at, settles_at, outcome,
                                             slot, amount_in, amount_out, fee, failure)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
    )
    .bind(row.signature)
    .bind(row.signed_bytes)
    .bind(row.received_at)
    .bind(row.settles_at)
    .bind(row.outcome)
    .bind(row.slot)
    .bind(row.amount_in)
    .bind(row.amount_out)
    .bind(row.fee)
    .bind(row.failure)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn find(
    connection: &mut SqliteConnection,
    signature: &Signature,
) -> Result<Option<Entry>, LedgerError> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM simulated_transactions WHERE signature = ?")
        .bind(signature.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(Entry::try_from).transpose()
}
