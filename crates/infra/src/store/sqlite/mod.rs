//! Orders in `SQLite`, for one process. Leases and due times go by the process's steady clock, which goes on
//! from what is in the file.

mod accept;
mod books;
mod cancel;
mod effects;
mod events;
mod feed;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod tests;
mod write;

use std::{
    path::Path,
    sync::{Arc, LazyLock},
    time::Duration,
};

use anyhow::{Context, anyhow};
use database::{Pool, PoolOptions, sqlite};
use domain::{
    AccountId, OrderId, Timestamp,
    ports::{Clock, FeedCursor, FeedPage, FeedScope, OnwardTime},
};
use sqlx::{
    AssertSqlSafe, Connection, SqliteConnection,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    types::Json,
};

use super::row::{SQLITE_ATTEMPT as ATTEMPT, SQLITE_ORDER as ORDER};
use super::{
    reader::{Dialect, Parameter, Reader, Row, Select, query},
    request::{Database, Patience, Write, Written},
};

/// Connections that read at once; a write never waits for them.
const READERS: usize = 4;

/// How long the check for damage may take at the start.
const CHECK_WITHIN: Duration = Duration::from_secs(5);

/// How long a write waits for the one before it.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(6);

pub(crate) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    database::migrations!(
        "../../migrations/sqlite",
        [
            "0001_orders",
            "0002_feed",
            "0004_lost_claims",
            "0005_write_probe",
            "0006_timed_at",
            "0007_parked",
            "0008_tag",
            "0009_lifecycle",
            "0010_checks_without_lists",
            "0011_network_fee",
            "0012_wallets",
            "0013_wallet_lookups",
        ]
    )
});

/// An `SQLite` file.
pub(super) struct Sqlite {
    /// One connection: `SQLite` has one writer at a time, and waiting for it here is fair.
    writer: Pool<SqliteConnection>,
    readers: Pool<SqliteConnection>,
    time: OnwardTime,
}

impl Sqlite {
    /// Opens or creates the file, with its folder, and migrates it.
    ///
    /// # Errors
    /// When the file cannot be opened or migrated.
    pub(super) async fn open(path: &Path, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let shown = path.display().to_string();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        // FULL: an accepted order survives a power cut, not only a crash of the process.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .foreign_keys(true);
        // A migration that rebuilds a table must not check the rows that refer to it.
        let migrating = options.clone().foreign_keys(false);
        let mut connection = SqliteConnection::connect_with(&migrating)
            .await
            .with_context(|| format!("cannot open {shown}"))?;
        sqlite::check(&mut connection, CHECK_WITHIN)
            .await
            .map_err(|error| anyhow!("cannot use {shown}: {error}"))?;
        MIGRATIONS
            .run_direct(None, &mut connection, false)
            .await
            .with_context(|| format!("cannot migrate {shown}"))?;
        // Here rather than with the first order: a file that is read-only opens like any other.
        probe(&mut connection).await.map_err(|error| anyhow!("cannot write to {shown}: {error}"))?;
        let time = OnwardTime::new(clock);
        if let Some(last) =
            last_timed(&mut connection).await.with_context(|| format!("cannot read {shown}"))?
        {
            time.reach(last);
        }
        connection.close().await.with_context(|| format!("cannot open {shown}"))?;
        let writer =
            sqlite::pool(options.clone(), PoolOptions { patience: ACQUIRE_WITHIN, ..PoolOptions::new(1) });
        let readers = sqlite::pool(options.read_only(true), PoolOptions::new(READERS));
        Ok(Self { writer, readers, time })
    }
}

/// When the waits of active orders were last set. The clock must not be behind it, or they wait longer than
/// they were meant to.
async fn last_timed(connection: &mut SqliteConnection) -> sqlx::Result<Option<Timestamp>> {
    let last: Option<i64> = sqlx::query_scalar("SELECT max(timed_at) FROM orders WHERE wake_at IS NOT NULL")
        .fetch_one(connection)
        .await?;
    Ok(last.map(Timestamp::from_unix_micros))
}

/// Commits as many pages as an order, so that it fails on a disk that is too full for an order.
async fn probe(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO write_probe (id, filler) VALUES (1, randomblob(65536))
         ON CONFLICT (id) DO UPDATE SET filler = excluded.filler",
    )
    .execute(connection)
    .await
    .map(drop)
}

impl Database for Sqlite {
    type Reader = SqliteConnection;

    const BATCHES_IN_FLIGHT: usize = 1;

    fn readers(&self) -> &Pool<SqliteConnection> {
        &self.readers
    }

    /// The last one to close brings everything from the log into the file.
    async fn close(&self) {
        self.readers.close_idle().await;
        self.writer.close_idle().await;
    }

    fn patient_writes(&self) -> usize {
        1
    }

    async fn write_all(&self, writes: &[Write], _patience: Patience) -> sqlx::Result<Vec<Written>> {
        let mut lease = self.writer.lease().await?;
        let mut transaction = lease.begin_with("BEGIN IMMEDIATE").await?;
        let now = self.time.now().unix_micros();
        let written = write::all(&mut transaction, writes, now).await?;
        transaction.commit().await?;
        Ok(lease.give_back(written))
    }

    async fn probe(&self) -> sqlx::Result<()> {
        let mut lease = self.writer.lease().await?;
        probe(&mut lease).await?;
        lease.give_back(());
        Ok(())
    }
}

impl Reader for SqliteConnection {
    const DIALECT: Dialect = Dialect::Sqlite;

    async fn rows<R: Row>(&mut self, select: Select) -> sqlx::Result<Vec<R>> {
        query!(select, ids).fetch_all(self).await
    }

    async fn row<R: Row>(&mut self, select: Select) -> sqlx::Result<Option<R>> {
        query!(select, ids).fetch_optional(self).await
    }

    async fn feed(
        &mut self,
        account: AccountId,
        scope: &FeedScope,
        after: FeedCursor,
        limit: u32,
    ) -> sqlx::Result<FeedPage> {
        feed::read(self, account, scope, after, limit).await
    }

    async fn feed_end(&mut self) -> sqlx::Result<FeedCursor> {
        feed::end(self).await
    }

    async fn feed_has(&mut self, cursor: FeedCursor) -> sqlx::Result<bool> {
        feed::has(self, cursor).await
    }
}

/// Ids of orders as one parameter.
fn ids(ids: Vec<OrderId>) -> Json<Vec<String>> {
    Json(ids.into_iter().map(|id| id.0.simple().to_string()).collect())
}
