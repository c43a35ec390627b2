//! The transaction log in a `SQLite` file of its own.

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use batching::Batcher;
use database::{Pool, PoolOptions, sqlite, within};
use domain::{
    Signature, Timestamp,
    ports::{Clock, OnwardTime},
};
use sqlx::{
    Connection, SqliteConnection,
    migrate::MigrateError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{
    Entry, LogError, MAX_BATCH, MAX_WAITING, OpenError, TransactionLog, WITHIN, open_accounts::OpenAccounts,
    own_table, row::Row,
};

/// Tries of opening a file and of its migrations: `SQLite` has no lock that spans them, so of two processes that
/// start at once one may find the other's work half done.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// Connections that read at once.
const READERS: usize = 2;
/// How long the look for damage may take at the start.
const CHECK_WITHIN: Duration = Duration::from_secs(5);
/// How long a write waits for another process; less than [`WITHIN`].
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The columns of a `Row`.
macro_rules! select {
    () => {
        "SELECT t.*, (SELECT count(*) FROM simulated_accounts a WHERE a.opened_by = t.signature) AS opened
         FROM simulated_transactions t"
    };
}

type Recorded = Result<Option<Entry>, LogError>;

/// The transaction log in a file.
pub struct SqliteLog {
    /// Goes on from the last entry.
    time: Arc<OnwardTime>,
    writer: Pool<SqliteConnection>,
    reads: Pool<SqliteConnection>,
    writes: Batcher<(Entry, Timestamp), Recorded>,
}

impl SqliteLog {
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
            // As durable as the orders: after a power cut a confirmed order still has its transaction.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        let mut connection = connect(&options).await?;
        migrate(&mut connection).await?;
        let time = Arc::new(OnwardTime::new(clock));
        let last: Option<i64> = sqlx::query_scalar("SELECT max(received_at) FROM simulated_transactions")
            .fetch_one(&mut connection)
            .await?;
        if let Some(last) = last {
            time.reach(Timestamp::from_unix_micros(last));
        }
        connection.close().await?;
        let limits = PoolOptions { patience: WITHIN, ..PoolOptions::new(1) };
        let one_writer = sqlite::pool(options.clone(), limits);
        let reads = sqlite::pool(options.read_only(true), PoolOptions::new(READERS));
        let writes = {
            let (pool, time, open) = (one_writer.clone(), time.clone(), OpenAccounts::new());
            Batcher::spawn(MAX_BATCH, MAX_WAITING, move |batch| {
                record_all(pool.clone(), time.clone(), open.clone(), batch)
            })
        };
        Ok(Self { time, writer: one_writer, reads, writes })
    }
}

/// The first connection to a file, which is checked for damage. Turning a fresh file into one with a write-ahead log
/// does not wait for another process that does the same: `SQLite` skips its busy timeout there.
async fn connect(options: &SqliteConnectOptions) -> sqlx::Result<SqliteConnection> {
    let open = async || {
        let mut connection = SqliteConnection::connect_with(options).await?;
        sqlite::check(&mut connection, CHECK_WITHIN).await?;
        Ok(connection)
    };
    for _ in 1..TRIES {
        match open().await {
            Err(error) if is_busy(&error) => tracing::debug!(%error, "opening the transaction log again"),
            result => return result,
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
    open().await
}

/// `SQLITE_BUSY`, and its extended codes.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

async fn migrate(connection: &mut SqliteConnection) -> Result<(), MigrateError> {
    let migrator = own_table(database::migrations!(
        "../../migrations/simulator/sqlite",
        ["0001_transactions", "0002_by_arrival", "0003_accounts"]
    ));
    for _ in 1..TRIES {
        match migrator.run_direct(None, connection, false).await {
            Ok(()) => return Ok(()),
            Err(error) => tracing::debug!(%error, "migrating the simulated chain's transaction log again"),
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
    migrator.run_direct(None, connection, false).await
}

#[async_trait]
impl TransactionLog for SqliteLog {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    async fn record(&self, entry: Entry, valid_until: Timestamp) -> Result<Option<Entry>, LogError> {
        self.writes.submit((entry, valid_until)).await?
    }

    async fn find(&self, signature: &Signature) -> Result<Option<Entry>, LogError> {
        let row = within(WITHIN, async {
            let mut lease = self.reads.lease().await?;
            let row = find(&mut lease, signature).await?;
            Ok(lease.give_back(row))
        });
        row.await?.map(Entry::try_from).transpose()
    }

    async fn landed_since(&self, received_at: Timestamp) -> Result<Vec<Entry>, LogError> {
        let rows = within(WITHIN, async {
            let mut lease = self.reads.lease().await?;
            let rows: Vec<Row> = sqlx::query_as(concat!(
                select!(),
                " WHERE t.received_at >= ? AND t.outcome = 'landed' ORDER BY t.received_at, t.signature"
            ))
            .bind(received_at.unix_micros())
            .fetch_all(&mut *lease)
            .await?;
            Ok(lease.give_back(rows))
        });
        rows.await?.into_iter().map(Entry::try_from).collect()
    }

    async fn entries(&self) -> Result<Vec<Entry>, LogError> {
        let mut lease = self.reads.lease().await?;
        let rows: Vec<Row> = sqlx::query_as(concat!(select!(), " ORDER BY t.received_at, t.signature"))
            .fetch_all(&mut *lease)
            .await?;
        let rows = lease.give_back(rows);
        rows.into_iter().map(Entry::try_from).collect()
    }

    async fn close(&self) {
        self.reads.close_idle().await;
        self.writer.close_idle().await;
    }
}

/// Records a batch in one transaction: all of it or, on an error, nothing.
async fn record_all(
    pool: Pool<SqliteConnection>,
    time: Arc<OnwardTime>,
    open: OpenAccounts,
    batch: Vec<(Entry, Timestamp)>,
) -> Vec<Recorded> {
    let size = batch.len();
    match try_record_all(&pool, &time, &open, batch).await {
        Ok(recorded) => recorded.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error); size],
    }
}

async fn try_record_all(
    pool: &Pool<SqliteConnection>,
    time: &OnwardTime,
    open: &OpenAccounts,
    batch: Vec<(Entry, Timestamp)>,
) -> Result<Vec<Option<Entry>>, LogError> {
    let rows: Vec<Row> = batch.iter().map(|(entry, _)| Row::of(entry)).collect::<Result<_, _>>()?;
    let written = within(WITHIN, async {
        let mut lease = pool.lease().await?;
        let mut transaction = lease.begin_with("BEGIN IMMEDIATE").await?;
        let mut written = Vec::with_capacity(batch.len());
        for ((entry, valid_until), row) in batch.iter().zip(rows) {
            // Read under the write lock: no other write can come between reading the clock and the insert.
            let is_valid = time.now() < *valid_until;
            let fits = is_valid == entry.signed_bytes.is_some();
            written.push(if fits && insert(&mut transaction, row).await? {
                Written::New { opened: open_accounts(&mut transaction, entry, open).await? }
            } else {
                Written::Known(find(&mut transaction, &entry.signature).await?)
            });
        }
        transaction.commit().await?;
        Ok(lease.give_back(written))
    })
    .await?;
    let recorded = batch.into_iter().zip(written).map(|((entry, _), written)| match written {
        Written::New { opened } => {
            open.remember(&entry);
            Ok(Some(entry.having_opened(opened)))
        }
        Written::Known(row) => row.map(Entry::try_from).transpose(),
    });
    recorded.collect()
}

/// What came of one entry of a batch.
enum Written {
    New { opened: u64 },
    Known(Option<Row>),
}

/// Whether the entry is now in the transaction log because of this call.
async fn insert(connection: &mut SqliteConnection, row: Row) -> sqlx::Result<bool> {
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

/// Opens those accounts of an entry that are not open, and counts them.
async fn open_accounts(
    connection: &mut SqliteConnection,
    entry: &Entry,
    open: &OpenAccounts,
) -> sqlx::Result<u64> {
    let mut opened = 0;
    for account in open.unknown_of(entry) {
        let sql = "INSERT INTO simulated_accounts (address, opened_by) VALUES (?, ?) ON CONFLICT DO NOTHING";
        let query = sqlx::query(sql).bind(account).bind(entry.signature.as_str());
        opened += query.execute(&mut *connection).await?.rows_affected();
    }
    Ok(opened)
}

async fn find(connection: &mut SqliteConnection, signature: &Signature) -> sqlx::Result<Option<Row>> {
    sqlx::query_as(concat!(select!(), " WHERE t.signature = ?"))
        .bind(signature.as_str())
        .fetch_optional(connection)
        .await
}

#[cfg(test)]
mod tests;
