//! Orders in `SQLite`, for one process. Leases and due times go by the process's clock.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use domain::{
    AccountId, Event, Order, OrderId,
    ports::{
        Acceptance, Accepted, Attempt, Beyond, Claim, Clock, Commit, CommitOutcome, FeedCursor, FeedPage,
        FeedScope, Fence, LedgerEntry, OpenOrders, OrderFilter,
    },
};
use sqlx::{
    AssertSqlSafe, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    types::{Json, Uuid},
};

use super::{
    request::{Database, Write, Written},
    row::{
        AttemptRow, ClaimChange, EventRow, FeedRow, LedgerChange, OPEN_BY_STATUS, OPEN_ORDERS, OrderRow,
        decode, encode, micros, open_by_status, with_status,
    },
};

/// The columns of an [`OrderRow`].
const ORDER: &str = "id, account_id, client_order_id, fingerprint, spec, status, attempt, last_seq,
    created_at, updated_at, fill, failure, lease_epoch";
/// The columns of an [`AttemptRow`].
const ATTEMPT: &str =
    "order_id, number, venue, signature, signed_bytes, last_valid_block_height, state, created_at";

/// Connections that read at once; a write never waits for them.
const READERS: u32 = 4;

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
        sqlx::migrate!("../../migrations/sqlite")
            .run(&writer)
            .await
            .with_context(|| format!("cannot migrate {shown}"))?;
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
        let mut written = Vec::with_capacity(writes.len());
        for write in writes {
            written.push(run(&mut transaction, write, now).await?);
        }
        transaction.commit().await?;
        Ok(written)
    }

    async fn order(&self, account: AccountId, id: OrderId) -> sqlx::Result<Option<Order>> {
        let sql = format!("SELECT {ORDER} FROM orders WHERE id = $1 AND account_id = $2");
        let row: Option<OrderRow> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.0)
            .bind(account.0)
            .fetch_optional(&self.readers)
            .await?;
        row.map(Order::try_from).transpose()
    }

    async fn orders(&self, account: AccountId, filter: &OrderFilter) -> sqlx::Result<Vec<Order>> {
        let by_status = filter.status.map_or("", with_status);
        let sql = format!(
            "SELECT {ORDER} FROM orders WHERE account_id = $1 AND id < $3 {by_status}
             ORDER BY id DESC LIMIT $2"
        );
        let mut query = sqlx::query_as(AssertSqlSafe(sql))
            .bind(account.0)
            .bind(i64::from(filter.limit))
            .bind(filter.before.map_or(Uuid::max(), |before| before.0));
        if let Some(status) = filter.status {
            query = query.bind(status.as_str());
        }
        let rows: Vec<OrderRow> = query.fetch_all(&self.readers).await?;
        rows.into_iter().map(Order::try_from).collect()
    }

    async fn events(
        &self,
        account: AccountId,
        id: OrderId,
        after: u32,
        limit: u32,
    ) -> sqlx::Result<Vec<Event>> {
        let rows: Vec<EventRow> = sqlx::query_as(
            "SELECT seq, e.status, e.attempt, e.at, data
             FROM order_events e JOIN orders o ON o.id = e.order_id
             WHERE e.order_id = $1 AND o.account_id = $2 AND seq > $3
             ORDER BY seq LIMIT $4",
        )
        .bind(id.0)
        .bind(account.0)
        .bind(i64::from(after))
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(Event::try_from).collect()
    }

    async fn feed(
        &self,
        account: AccountId,
        scope: &FeedScope,
        after: FeedCursor,
        limit: u32,
    ) -> sqlx::Result<FeedPage> {
        let end = self.feed_end().await?; // first: what is written after it may be among what is read
        let named = match scope {
            FeedScope::All => "",
            // `+` keeps the way through the feed out: a few orders are found by their ids
            FeedScope::Orders(_) => "AND order_id IN (SELECT unhex(value) FROM json_each($4))",
        };
        let column = if named.is_empty() { "position" } else { "+position" };
        let sql = format!(
            "SELECT position, order_id, seq, e.status, e.attempt, e.at, data,
                    (SELECT spec FROM orders o WHERE o.id = order_id AND account_id = $1) AS spec
             FROM order_events e WHERE {column} > $2 {named} ORDER BY {column} LIMIT $3"
        );
        let mut query = sqlx::query_as(AssertSqlSafe(sql))
            .bind(account.0)
            .bind(i64::try_from(after.position).map_err(encode)?)
            .bind(i64::from(limit));
        if let FeedScope::Orders(ids) = scope {
            query = query.bind(Json(ids.iter().map(|id| id.0.simple().to_string()).collect::<Vec<_>>()));
        }
        let rows: Vec<FeedRow> = query.fetch_all(&self.readers).await?;
        let is_full = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
        let last = rows.last().map_or(Ok(after), FeedRow::cursor)?;
        let next = if is_full { last } else { last.max(end) };
        let beyond = if is_full { Beyond::More } else { Beyond::Nothing };
        Ok(FeedPage { events: FeedRow::events(rows, account)?, next, beyond })
    }

    async fn feed_end(&self) -> sqlx::Result<FeedCursor> {
        let last: Option<(i64, Uuid, i64)> =
            sqlx::query_as("SELECT position, order_id, seq FROM order_events ORDER BY position DESC LIMIT 1")
                .fetch_optional(&self.readers)
                .await?;
        let Some((position, order_id, seq)) = last else { return Ok(FeedCursor::START) };
        Ok(FeedCursor {
            position: u64::try_from(position).map_err(decode)?,
            order_id: OrderId(order_id),
            seq: u32::try_from(seq).map_err(decode)?,
        })
    }

    async fn heads(&self, ids: &[OrderId]) -> sqlx::Result<Vec<(OrderId, u32)>> {
        let ids: Vec<_> = ids.iter().map(|id| id.0.simple().to_string()).collect();
        let heads: Vec<(Uuid, i64)> = sqlx::query_as(
            "SELECT id, last_seq FROM orders WHERE id IN (SELECT unhex(value) FROM json_each($1))",
        )
        .bind(Json(ids))
        .fetch_all(&self.readers)
        .await?;
        heads.into_iter().map(|(id, seq)| Ok((OrderId(id), u32::try_from(seq).map_err(decode)?))).collect()
    }

    async fn attempts(&self, account: AccountId, id: OrderId) -> sqlx::Result<Vec<Attempt>> {
        let sql = format!(
            "SELECT {ATTEMPT} FROM attempts
             WHERE order_id = (SELECT id FROM orders WHERE id = $1 AND account_id = $2) ORDER BY number"
        );
        let rows: Vec<AttemptRow> =
            sqlx::query_as(AssertSqlSafe(sql)).bind(id.0).bind(account.0).fetch_all(&self.readers).await?;
        rows.into_iter().map(Attempt::try_from).collect()
    }

    async fn open_orders(&self, at_most: u32) -> sqlx::Result<u32> {
        let count: i64 =
            sqlx::query_scalar(OPEN_ORDERS).bind(i64::from(at_most)).fetch_one(&self.readers).await?;
        u32::try_from(count).map_err(decode)
    }

    async fn open_orders_by_status(&self, at_most: u32) -> sqlx::Result<OpenOrders> {
        let counts = sqlx::query_as(OPEN_BY_STATUS).bind(i64::from(at_most)).fetch_all(&self.readers).await?;
        open_by_status(counts)
    }

    async fn ping(&self) -> sqlx::Result<()> {
        sqlx::query("SELECT 1").execute(&self.readers).await.map(drop)
    }
}

async fn run(connection: &mut SqliteConnection, write: &Write, now: i64) -> sqlx::Result<Written> {
    Ok(match write {
        Write::Accept(acceptance) => Written::Accept(accept(connection, acceptance, now).await?),
        Write::Claim { id, worker, lease } => {
            Written::Claim(claim(connection, *id, worker, *lease, now).await?.map(Box::new))
        }
        Write::Renew { fence, lease } => Written::Renew(renew(connection, *fence, *lease, now).await?),
        Write::Release(fence) => {
            release(connection, *fence, now).await?;
            Written::Release
        }
        Write::Commit(change) => Written::Commit(commit(connection, change, now).await?),
        Write::TakeDue { limit, redeliver_after } => {
            Written::TakeDue(take_due(connection, *limit, *redeliver_after, now).await?)
        }
    })
}

async fn accept(connection: &mut SqliteConnection, asked: &Acceptance, now: i64) -> sqlx::Result<Accepted> {
    let order = &asked.order;
    let inserted = sqlx::query(
        "INSERT INTO orders (id, account_id, client_order_id, idempotency_key, fingerprint, spec, status,
                             attempt, last_seq, created_at, updated_at, wake_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)
         ON CONFLICT DO NOTHING",
    )
    .bind(order.id.0)
    .bind(order.account.0)
    .bind(&order.client_order_id)
    .bind(&asked.idempotency_key)
    .bind(&asked.fingerprint[..])
    .bind(Json(&order.spec))
    .bind(order.status.as_str())
    .bind(i64::from(order.attempt))
    .bind(i64::from(order.last_seq))
    .bind(micros_of(order.created_at))
    .bind(now.saturating_add(micros(asked.grace)))
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if inserted == 1 {
        append_event(connection, order.id, &asked.event).await?;
        return Ok(Accepted::Created);
    }
    same_order(connection, asked).await
}

/// The order that an acceptance ran into: the same request again, or another one under its key.
async fn same_order(connection: &mut SqliteConnection, asked: &Acceptance) -> sqlx::Result<Accepted> {
    let sql = format!(
        "SELECT {ORDER} FROM orders
         WHERE account_id = $1 AND (idempotency_key = $2 OR client_order_id = $3)
         ORDER BY CASE WHEN idempotency_key = $2 THEN 0 ELSE 1 END LIMIT 2"
    );
    let mut known: Vec<OrderRow> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(asked.order.account.0)
        .bind(&asked.idempotency_key)
        .bind(&asked.order.client_order_id)
        .fetch_all(connection)
        .await?;
    let is_one = known.len() == 1;
    if known.is_empty() {
        return Err(sqlx::Error::InvalidArgument(format!("order id {} is taken", asked.order.id)));
    }
    let row = known.swap_remove(0);
    let is_same = is_one && row.fingerprint == asked.fingerprint;
    let order = Order::try_from(row)?;
    Ok(if is_same { Accepted::Replayed(Box::new(order)) } else { Accepted::Conflict(order.id) })
}

async fn append_event(connection: &mut SqliteConnection, id: OrderId, event: &Event) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO order_events (order_id, seq, status, kind, attempt, at, data)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id.0)
    .bind(i64::from(event.seq))
    .bind(event.status.as_str())
    .bind(event.data.kind_name())
    .bind(i64::from(event.attempt))
    .bind(micros_of(event.at))
    .bind(Json(&event.data))
    .execute(connection)
    .await
    .map(drop)
}

async fn claim(
    connection: &mut SqliteConnection,
    id: OrderId,
    worker: &str,
    lease: Duration,
    now: i64,
) -> sqlx::Result<Option<Claim>> {
    let sql = format!(
        "UPDATE orders SET lease_epoch = lease_epoch + 1, lease_owner = $2,
             lease_until = $3, wake_at = min(wake_at, $3)
         WHERE id = $1 AND wake_at IS NOT NULL AND (lease_until IS NULL OR lease_until <= $4)
         RETURNING {ORDER}"
    );
    let row: Option<OrderRow> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(id.0)
        .bind(worker)
        .bind(now.saturating_add(micros(lease)))
        .bind(now)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let sql = format!("SELECT {ATTEMPT} FROM attempts WHERE order_id = $1 AND state = 'unresolved'");
    let unresolved: Option<AttemptRow> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(id.0).fetch_optional(connection).await?;
    let lease_epoch = u64::try_from(row.lease_epoch).map_err(decode)?;
    Ok(Some(Claim {
        fence: Fence { order_id: id, lease_epoch },
        order: row.try_into()?,
        unresolved: unresolved.map(Attempt::try_from).transpose()?,
    }))
}

/// The epoch alone decides: a lease that ran out and that nobody took may still be extended.
async fn renew(
    connection: &mut SqliteConnection,
    fence: Fence,
    lease: Duration,
    now: i64,
) -> sqlx::Result<bool> {
    let renewed = sqlx::query(
        "UPDATE orders SET lease_until = $3, wake_at = min(wake_at, $3)
         WHERE id = $1 AND lease_epoch = $2 AND wake_at IS NOT NULL",
    )
    .bind(fence.order_id.0)
    .bind(i64::try_from(fence.lease_epoch).map_err(encode)?)
    .bind(now.saturating_add(micros(lease)))
    .execute(connection)
    .await?;
    Ok(renewed.rows_affected() == 1)
}

async fn release(connection: &mut SqliteConnection, fence: Fence, now: i64) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE orders SET lease_epoch = lease_epoch + 1, lease_owner = NULL, lease_until = NULL,
             wake_at = min(wake_at, $3)
         WHERE id = $1 AND lease_epoch = $2 AND wake_at IS NOT NULL",
    )
    .bind(fence.order_id.0)
    .bind(i64::try_from(fence.lease_epoch).map_err(encode)?)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

async fn commit(connection: &mut SqliteConnection, commit: &Commit, now: i64) -> sqlx::Result<CommitOutcome> {
    if !update_order(connection, commit, now).await? {
        return Ok(CommitOutcome::Fenced);
    }
    for event in &commit.events {
        append_event(connection, commit.fence.order_id, event).await?;
    }
    match &commit.ledger {
        None => {}
        Some(LedgerEntry::Open(attempt)) => open_attempt(connection, attempt).await?,
        Some(LedgerEntry::Resolve { number, signature, state }) => {
            let resolved = sqlx::query(
                "UPDATE attempts SET state = $1, resolved_at = $2
                 WHERE order_id = $3 AND number = $4 AND signature = $5 AND state = 'unresolved'",
            )
            .bind(state.as_str())
            .bind(micros_of(commit.order.updated_at))
            .bind(commit.fence.order_id.0)
            .bind(i64::from(*number))
            .bind(signature.as_str())
            .execute(connection)
            .await?;
            if resolved.rows_affected() != 1 {
                return Err(sqlx::Error::RowNotFound); // rolls everything back
            }
        }
    }
    Ok(CommitOutcome::Committed)
}

/// The compare-and-set on the order's row: whether fence, sequence and ledger still are as expected.
async fn update_order(connection: &mut SqliteConnection, commit: &Commit, now: i64) -> sqlx::Result<bool> {
    let order = &commit.order;
    let claim = ClaimChange::from(commit.then);
    let ledger = LedgerChange::from(commit.ledger.as_ref());
    let updated = sqlx::query(
        "UPDATE orders SET status = $4, attempt = $5, last_seq = $6, updated_at = $7, fill = $8, failure = $9,
             unresolved_attempt = CASE WHEN $10 THEN $12 ELSE unresolved_attempt END,
             lease_epoch = CASE WHEN $13 THEN lease_epoch + 1 ELSE lease_epoch END,
             lease_owner = CASE WHEN $13 THEN NULL ELSE lease_owner END,
             lease_until = CASE WHEN $13 THEN $14 ELSE lease_until END,
             wake_at = CASE WHEN $13 THEN $14 ELSE wake_at END
         WHERE id = $1 AND lease_epoch = $2 AND last_seq = $3
           AND (NOT $10 OR unresolved_attempt IS NOT DISTINCT FROM $11)",
    )
    .bind(order.id.0)
    .bind(i64::try_from(commit.fence.lease_epoch).map_err(encode)?)
    .bind(i64::from(commit.expected_seq()))
    .bind(order.status.as_str())
    .bind(i64::from(order.attempt))
    .bind(i64::from(order.last_seq))
    .bind(micros_of(order.updated_at))
    .bind(order.fill.as_ref().map(Json))
    .bind(order.failure.as_ref().map(Json))
    .bind(ledger.touches)
    .bind(ledger.before)
    .bind(ledger.after)
    .bind(claim.ends)
    .bind(claim.due_in_micros.map(|due| now.saturating_add(due)))
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

async fn open_attempt(connection: &mut SqliteConnection, attempt: &Attempt) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO attempts (order_id, number, venue, signature, signed_bytes, last_valid_block_height,
                               state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(attempt.order_id.0)
    .bind(i64::from(attempt.number))
    .bind(attempt.venue.as_str())
    .bind(attempt.transaction.signature.as_str())
    .bind(&attempt.transaction.bytes)
    .bind(i64::try_from(attempt.transaction.last_valid_block_height).map_err(encode)?)
    .bind(attempt.state.as_str())
    .bind(micros_of(attempt.created_at))
    .execute(connection)
    .await
    .map(drop)
}

async fn take_due(
    connection: &mut SqliteConnection,
    limit: u32,
    redeliver_after: Duration,
    now: i64,
) -> sqlx::Result<Vec<OrderId>> {
    let due: Vec<(Uuid,)> = sqlx::query_as(
        "SELECT id FROM orders WHERE wake_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
         ORDER BY wake_at LIMIT $2",
    )
    .bind(now)
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    for (id,) in &due {
        sqlx::query("UPDATE orders SET wake_at = $2 WHERE id = $1")
            .bind(id)
            .bind(now.saturating_add(micros(redeliver_after)))
            .execute(&mut *connection)
            .await?;
    }
    Ok(due.into_iter().map(|(id,)| OrderId(id)).collect())
}

fn micros_of(at: domain::Timestamp) -> i64 {
    at.unix_micros()
}
