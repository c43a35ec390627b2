//! Orders in `PostgreSQL`. Leases and due times go by the database's clock.

use std::{str::FromStr, time::Duration};

use anyhow::Context;
use domain::{
    AccountId, Event, Order, OrderId,
    ports::{Acceptance, Accepted, Attempt, Claim, Commit, CommitOutcome, Fence, LedgerEntry, OrderFilter},
};
use sqlx::{
    AssertSqlSafe, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
    types::{Json, Uuid},
};
use time::OffsetDateTime;

use super::{
    request::{Database, Write, Written},
    row::{AttemptRow, ClaimChange, EventRow, LedgerChange, OrderRow, decode, encode, micros},
};

/// The columns of an [`OrderRow`].
const ORDER: &str = "id, account_id, client_order_id, fingerprint, spec, status, attempt, last_seq,
    (extract(epoch FROM created_at) * 1000000)::bigint AS created_at,
    (extract(epoch FROM updated_at) * 1000000)::bigint AS updated_at, fill, failure, lease_epoch";
/// The columns of an [`AttemptRow`].
const ATTEMPT: &str = "order_id, number, venue, signature, signed_bytes, last_valid_block_height, state,
    (extract(epoch FROM created_at) * 1000000)::bigint AS created_at";

/// How long a caller waits for a connection before the database counts as down.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// A `PostgreSQL` database.
pub(super) struct Postgres {
    pool: PgPool,
}

impl Postgres {
    /// Connects and migrates. Several processes may do so at once: the migrator takes a lock.
    ///
    /// # Errors
    /// When the server cannot be reached or a migration fails.
    pub(super) async fn connect(url: &str, max_connections: u32) -> anyhow::Result<Self> {
        // Bounds that keep one stuck statement or a client that died inside a transaction from
        // holding rows for ever.
        let options = PgConnectOptions::from_str(url).context("DATABASE_URL cannot be read")?.options([
            ("statement_timeout", "10s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "10s"),
        ]);
        let place = format!("{}:{}", options.get_host(), options.get_port());
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options)
            .await
            .with_context(|| format!("PostgreSQL at {place} cannot be reached"))?;
        sqlx::migrate!("../../migrations/postgres").run(&pool).await.context("cannot migrate PostgreSQL")?;
        Ok(Self { pool })
    }
}

impl Database for Postgres {
    async fn write_all(&self, writes: &[Write]) -> sqlx::Result<Vec<Written>> {
        let mut transaction = self.pool.begin().await?;
        let mut written = Vec::with_capacity(writes.len());
        for write in writes {
            written.push(run(&mut transaction, write).await?);
        }
        transaction.commit().await?;
        Ok(written)
    }

    async fn order(&self, account: AccountId, id: OrderId) -> sqlx::Result<Option<Order>> {
        let sql = format!("SELECT {ORDER} FROM orders WHERE id = $1 AND account_id = $2");
        let row: Option<OrderRow> =
            sqlx::query_as(AssertSqlSafe(sql)).bind(id.0).bind(account.0).fetch_optional(&self.pool).await?;
        row.map(Order::try_from).transpose()
    }

    async fn orders(&self, account: AccountId, filter: &OrderFilter) -> sqlx::Result<Vec<Order>> {
        let by_status = filter.status.map_or("", |_| "AND status = $4");
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
        let rows: Vec<OrderRow> = query.fetch_all(&self.pool).await?;
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
            "SELECT seq, e.status, e.attempt, (extract(epoch FROM e.at) * 1000000)::bigint AS at, data
             FROM order_events e JOIN orders o ON o.id = e.order_id
             WHERE e.order_id = $1 AND o.account_id = $2 AND seq > $3
             ORDER BY seq LIMIT $4",
        )
        .bind(id.0)
        .bind(account.0)
        .bind(i64::from(after))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(Event::try_from).collect()
    }

    async fn heads(&self, ids: &[OrderId]) -> sqlx::Result<Vec<(OrderId, u32)>> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let heads: Vec<(Uuid, i64)> = sqlx::query_as("SELECT id, last_seq FROM orders WHERE id = ANY($1)")
            .bind(ids)
            .fetch_all(&self.pool)
            .await?;
        heads.into_iter().map(|(id, seq)| Ok((OrderId(id), u32::try_from(seq).map_err(decode)?))).collect()
    }

    async fn attempts(&self, account: AccountId, id: OrderId) -> sqlx::Result<Vec<Attempt>> {
        let sql = format!(
            "SELECT {ATTEMPT} FROM attempts
             WHERE order_id = (SELECT id FROM orders WHERE id = $1 AND account_id = $2) ORDER BY number"
        );
        let rows: Vec<AttemptRow> =
            sqlx::query_as(AssertSqlSafe(sql)).bind(id.0).bind(account.0).fetch_all(&self.pool).await?;
        rows.into_iter().map(Attempt::try_from).collect()
    }

    async fn open_orders(&self, at_most: u32) -> sqlx::Result<u32> {
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM (SELECT 1 FROM orders WHERE wake_at IS NOT NULL LIMIT $1) AS open",
        )
        .bind(i64::from(at_most))
        .fetch_one(&self.pool)
        .await?;
        u32::try_from(count).map_err(decode)
    }

    async fn ping(&self) -> sqlx::Result<()> {
        sqlx::query("SELECT 1").execute(&self.pool).await.map(drop)
    }
}

async fn run(connection: &mut PgConnection, write: &Write) -> sqlx::Result<Written> {
    Ok(match write {
        Write::Accept(acceptance) => Written::Accept(accept(connection, acceptance).await?),
        Write::Claim { id, worker, lease } => {
            Written::Claim(claim(connection, *id, worker, *lease).await?.map(Box::new))
        }
        Write::Renew { fence, lease } => Written::Renew(renew(connection, *fence, *lease).await?),
        Write::Release(fence) => {
            release(connection, *fence).await?;
            Written::Release
        }
        Write::Commit(change) => Written::Commit(commit(connection, change).await?),
        Write::TakeDue { limit, redeliver_after } => {
            Written::TakeDue(take_due(connection, *limit, *redeliver_after).await?)
        }
    })
}

async fn accept(connection: &mut PgConnection, asked: &Acceptance) -> sqlx::Result<Accepted> {
    let order = &asked.order;
    let inserted = sqlx::query(
        "INSERT INTO orders (id, account_id, client_order_id, idempotency_key, fingerprint, spec, status,
                             attempt, last_seq, created_at, updated_at, wake_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, clock_timestamp() + $11::bigint * interval '1 microsecond')
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
    .bind(OffsetDateTime::from(order.created_at))
    .bind(micros(asked.grace))
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
async fn same_order(connection: &mut PgConnection, asked: &Acceptance) -> sqlx::Result<Accepted> {
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

async fn append_event(connection: &mut PgConnection, id: OrderId, event: &Event) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO order_events (order_id, seq, status, kind, attempt, at, data)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id.0)
    .bind(i64::from(event.seq))
    .bind(event.status.as_str())
    .bind(event.data.kind_name())
    .bind(i64::from(event.attempt))
    .bind(OffsetDateTime::from(event.at))
    .bind(Json(&event.data))
    .execute(connection)
    .await
    .map(drop)
}

async fn claim(
    connection: &mut PgConnection,
    id: OrderId,
    worker: &str,
    lease: Duration,
) -> sqlx::Result<Option<Claim>> {
    let sql = format!(
        "UPDATE orders SET lease_epoch = lease_epoch + 1, lease_owner = $2,
             lease_until = clock_timestamp() + $3::bigint * interval '1 microsecond', wake_at = clock_timestamp() + $3::bigint * interval '1 microsecond'
         WHERE id = (
             -- A row that another claim holds right now is not waited for: it is taken.
             SELECT id FROM orders
             WHERE id = $1 AND wake_at IS NOT NULL
               AND (lease_until IS NULL OR lease_until <= clock_timestamp())
             FOR UPDATE SKIP LOCKED
         )
         RETURNING {ORDER}"
    );
    let row: Option<OrderRow> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(id.0)
        .bind(worker)
        .bind(micros(lease))
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
async fn renew(connection: &mut PgConnection, fence: Fence, lease: Duration) -> sqlx::Result<bool> {
    let renewed = sqlx::query(
        "UPDATE orders SET lease_until = clock_timestamp() + $3::bigint * interval '1 microsecond', wake_at = clock_timestamp() + $3::bigint * interval '1 microsecond'
         WHERE id = $1 AND lease_epoch = $2 AND wake_at IS NOT NULL",
    )
    .bind(fence.order_id.0)
    .bind(i64::try_from(fence.lease_epoch).map_err(encode)?)
    .bind(micros(lease))
    .execute(connection)
    .await?;
    Ok(renewed.rows_affected() == 1)
}

async fn release(connection: &mut PgConnection, fence: Fence) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE orders SET lease_epoch = lease_epoch + 1, lease_owner = NULL, lease_until = NULL, wake_at = clock_timestamp()
         WHERE id = $1 AND lease_epoch = $2 AND wake_at IS NOT NULL",
    )
    .bind(fence.order_id.0)
    .bind(i64::try_from(fence.lease_epoch).map_err(encode)?)
    .execute(connection)
    .await
    .map(drop)
}

async fn commit(connection: &mut PgConnection, commit: &Commit) -> sqlx::Result<CommitOutcome> {
    if !update_order(connection, commit).await? {
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
            .bind(OffsetDateTime::from(commit.order.updated_at))
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
async fn update_order(connection: &mut PgConnection, commit: &Commit) -> sqlx::Result<bool> {
    let order = &commit.order;
    let claim = ClaimChange::from(commit.then);
    let ledger = LedgerChange::from(commit.ledger.as_ref());
    let updated = sqlx::query(
        "UPDATE orders SET status = $4, attempt = $5, last_seq = $6, updated_at = $7, fill = $8, failure = $9,
             unresolved_attempt = CASE WHEN $10 THEN $12 ELSE unresolved_attempt END,
             lease_epoch = CASE WHEN $13 THEN lease_epoch + 1 ELSE lease_epoch END,
             lease_owner = CASE WHEN $13 THEN NULL ELSE lease_owner END,
             lease_until = CASE WHEN $13 THEN clock_timestamp() + $14::bigint * interval '1 microsecond' ELSE lease_until END,
             wake_at = CASE WHEN $13 THEN clock_timestamp() + $14::bigint * interval '1 microsecond' ELSE wake_at END
         WHERE id = $1 AND lease_epoch = $2 AND last_seq = $3
           AND (NOT $10 OR unresolved_attempt IS NOT DISTINCT FROM $11)",
    )
    .bind(order.id.0)
    .bind(i64::try_from(commit.fence.lease_epoch).map_err(encode)?)
    .bind(i64::from(commit.expected_seq()))
    .bind(order.status.as_str())
    .bind(i64::from(order.attempt))
    .bind(i64::from(order.last_seq))
    .bind(OffsetDateTime::from(order.updated_at))
    .bind(order.fill.as_ref().map(Json))
    .bind(order.failure.as_ref().map(Json))
    .bind(ledger.touches)
    .bind(ledger.before)
    .bind(ledger.after)
    .bind(claim.ends)
    .bind(claim.due_in_micros)
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

async fn open_attempt(connection: &mut PgConnection, attempt: &Attempt) -> sqlx::Result<()> {
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
    .bind(OffsetDateTime::from(attempt.created_at))
    .execute(connection)
    .await
    .map(drop)
}

/// Orders that another sweeper is just taking are skipped, so that no two get the same.
async fn take_due(
    connection: &mut PgConnection,
    limit: u32,
    redeliver_after: Duration,
) -> sqlx::Result<Vec<OrderId>> {
    let due: Vec<(Uuid,)> = sqlx::query_as(
        "WITH due AS (
             SELECT id, wake_at FROM orders WHERE wake_at <= clock_timestamp()
             ORDER BY wake_at LIMIT $1 FOR UPDATE SKIP LOCKED
         ), taken AS (
             UPDATE orders SET wake_at = clock_timestamp() + $2::bigint * interval '1 microsecond'
             FROM due WHERE orders.id = due.id RETURNING orders.id
         )
         SELECT due.id FROM due JOIN taken USING (id) ORDER BY due.wake_at",
    )
    .bind(i64::from(limit))
    .bind(micros(redeliver_after))
    .fetch_all(connection)
    .await?;
    Ok(due.into_iter().map(|(id,)| OrderId(id)).collect())
}
