//! Orders in `SQLite`, for one process. Leases and due times go by the process's steady clock, which goes on
//! from what is in the file.

mod accept;
mod cancel;
mod effects;
mod events;
mod feed;
mod read;
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
    AccountId, Event, Order, OrderId, Timestamp,
    ports::{
        ActiveOrders, Attempt, Clock, FeedCursor, FeedPage, FeedScope, OnwardTime, OrderFilter, OrderPage,
    },
};
use sqlx::{
    Connection, SqliteConnection,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::request::{Database, Patience, Write, Written};

/// The columns of an [`OrderRow`](super::row::OrderRow).
const ORDER: &str = "id, account_id, client_order_id, fingerprint, spec, status, attempt, last_seq,
    created_at, updated_at, fill, failure, next_attempt_at, cancel_requested_at, cancel_requested_after,
    lease_epoch";
/// The columns of an [`AttemptRow`](super::row::AttemptRow).
const ATTEMPT: &str =
    "order_id, number, venue, signature, signed_bytes, last_valid_block_height, state, created_at";

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
    const BATCHES_IN_FLIGHT: usize = 1;

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

    async fn order(&self, account: AccountId, id: OrderId) -> sqlx::Result<Option<Order>> {
        let mut lease = self.readers.lease().await?;
        let found = read::order(&mut lease, account, id).await?;
        Ok(lease.give_back(found))
    }

    async fn orders(&self, account: AccountId, filter: &OrderFilter) -> sqlx::Result<OrderPage> {
        let mut lease = self.readers.lease().await?;
        let found = read::orders(&mut lease, account, filter).await?;
        Ok(lease.give_back(found))
    }

    async fn events(
        &self,
        account: AccountId,
        id: OrderId,
        after: u32,
        limit: u32,
    ) -> sqlx::Result<Vec<Event>> {
        let mut lease = self.readers.lease().await?;
        let found = read::events(&mut lease, account, id, after, limit).await?;
        Ok(lease.give_back(found))
    }

    async fn feed(
        &self,
        account: AccountId,
        scope: &FeedScope,
        after: FeedCursor,
        limit: u32,
    ) -> sqlx::Result<FeedPage> {
        let mut lease = self.readers.lease().await?;
        let found = feed::read(&mut lease, account, scope, after, limit).await?;
        Ok(lease.give_back(found))
    }

    async fn feed_end(&self) -> sqlx::Result<FeedCursor> {
        let mut lease = self.readers.lease().await?;
        let found = feed::end(&mut lease).await?;
        Ok(lease.give_back(found))
    }

    async fn feed_has(&self, cursor: FeedCursor) -> sqlx::Result<bool> {
        let mut lease = self.readers.lease().await?;
        let found = feed::has(&mut lease, cursor).await?;
        Ok(lease.give_back(found))
    }

    async fn lost_claims(&self, account: AccountId, id: OrderId) -> sqlx::Result<Option<u32>> {
        let mut lease = self.readers.lease().await?;
        let found = read::lost_claims(&mut lease, account, id).await?;
        Ok(lease.give_back(found))
    }

    async fn last_seqs(&self, ids: &[OrderId]) -> sqlx::Result<Vec<(OrderId, u32)>> {
        let mut lease = self.readers.lease().await?;
        let found = read::last_seqs(&mut lease, ids).await?;
        Ok(lease.give_back(found))
    }

    async fn attempts(&self, account: AccountId, id: OrderId) -> sqlx::Result<Vec<Attempt>> {
        let mut lease = self.readers.lease().await?;
        let found = read::attempts(&mut lease, account, id).await?;
        Ok(lease.give_back(found))
    }

    async fn in_flight(&self, at_most: u32) -> sqlx::Result<u32> {
        let mut lease = self.readers.lease().await?;
        let found = read::in_flight(&mut lease, at_most).await?;
        Ok(lease.give_back(found))
    }

    async fn resting(&self, account: AccountId, at_most: u32) -> sqlx::Result<u32> {
        let mut lease = self.readers.lease().await?;
        let found = read::resting(&mut lease, account, at_most).await?;
        Ok(lease.give_back(found))
    }

    async fn active_by_status(&self, at_most: u32) -> sqlx::Result<ActiveOrders> {
        let mut lease = self.readers.lease().await?;
        let found = read::active_by_status(&mut lease, at_most).await?;
        Ok(lease.give_back(found))
    }
}
