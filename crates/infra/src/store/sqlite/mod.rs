//! Orders in `SQLite`, for one process. Leases and due times go by the process's clock.

mod events;
mod feed;
mod read;
mod write;

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use domain::{
    AccountId, Event, Order, OrderId,
    ports::{Attempt, Clock, FeedCursor, FeedPage, FeedScope, OpenOrders, OrderFilter},
};
use sqlx::{
    SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::request::{Database, Write, Written};

/// The columns of an [`OrderRow`](super::row::OrderRow).
const ORDER: &str = "id, account_id, client_order_id, fingerprint, spec, status, attempt, last_seq,
    created_at, updated_at, fill, failure, lease_epoch";
/// The columns of an [`AttemptRow`](super::row::AttemptRow).
const ATTEMPT: &str =
    "order_id, number, venue, signature, signed_bytes, last_valid_block_height, state, created_at";

/// Connections that read at once; a write never waits for them.
const READERS: u32 = 4;

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// An `SQLite` file.
pub(super) struct Sqlite {
    /// One connection: `SQLite` has one writer at a time, and waiting for it here is fair.
    writer: SqlitePool,
    readers: SqlitePool,
    clock: Arc<dyn Clock>,
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
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .with_context(|| format!("cannot open {shown}"))?;
        MIGRATIONS.run(&writer).await.with_context(|| format!("cannot migrate {shown}"))?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.read_only(true))
            .await
            .with_context(|| format!("cannot open {shown}"))?;
        Ok(Self { writer, readers, clock })
    }
}

impl Database for Sqlite {
    const BATCHES_IN_FLIGHT: usize = 1;

    async fn write_all(&self, writes: &[Write]) -> sqlx::Result<Vec<Written>> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let now = self.clock.now().unix_micros();
        let written = write::all(&mut transaction, writes, now).await?;
        transaction.commit().await?;
        Ok(written)
    }

    async fn order(&self, account: AccountId, id: OrderId) -> sqlx::Result<Option<Order>> {
        read::order(&self.readers, account, id).await
    }

    async fn orders(&self, account: AccountId, filter: &OrderFilter) -> sqlx::Result<Vec<Order>> {
        read::orders(&self.readers, account, filter).await
    }

    async fn events(
        &self,
        account: AccountId,
        id: OrderId,
        after: u32,
        limit: u32,
    ) -> sqlx::Result<Vec<Event>> {
        read::events(&self.readers, account, id, after, limit).await
    }

    async fn feed(
        &self,
        account: AccountId,
        scope: &FeedScope,
        after: FeedCursor,
        limit: u32,
    ) -> sqlx::Result<FeedPage> {
        feed::read(&self.readers, account, scope, after, limit).await
    }

    async fn feed_end(&self) -> sqlx::Result<FeedCursor> {
        feed::end(&self.readers).await
    }

    async fn heads(&self, ids: &[OrderId]) -> sqlx::Result<Vec<(OrderId, u32)>> {
        read::heads(&self.readers, ids).await
    }

    async fn attempts(&self, account: AccountId, id: OrderId) -> sqlx::Result<Vec<Attempt>> {
        read::attempts(&self.readers, account, id).await
    }

    async fn open_orders(&self, at_most: u32) -> sqlx::Result<u32> {
        read::open_orders(&self.readers, at_most).await
    }

    async fn open_orders_by_status(&self, at_most: u32) -> sqlx::Result<OpenOrders> {
        read::open_orders_by_status(&self.readers, at_most).await
    }

    async fn ping(&self) -> sqlx::Result<()> {
        sqlx::query("SELECT 1").execute(&self.readers).await.map(drop)
    }
}
