//! Orders in `PostgreSQL`. Leases and due times go by the database's clock.
//!
//! A batch of writes costs a handful of statements, however many writes it has: each statement takes
//! its parameters as arrays and does one kind of write for many orders.

mod accept;
mod claim;
mod columns;
mod commit;
mod due;
mod feed;
mod lease;
mod read;
mod rounds;

use std::{str::FromStr, time::Duration};

use anyhow::Context;
use domain::{
    AccountId, Event, Order, OrderId,
    ports::{Attempt, FeedCursor, FeedPage, FeedScope, OpenOrders, OrderFilter},
};
use sqlx::{
    Connection, PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::request::{Database, Write, Written};
use rounds::{Round, Rounds};

/// What makes the tables and brings them up to date.
pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

/// The columns of an [`OrderRow`](super::row::OrderRow).
const ORDER: &str = "id, account_id, client_order_id, fingerprint, spec, status, attempt, last_seq,
    (extract(epoch FROM created_at) * 1000000)::bigint AS created_at,
    (extract(epoch FROM updated_at) * 1000000)::bigint AS updated_at, fill, failure, lease_epoch";
/// The columns of an [`AttemptRow`](super::row::AttemptRow).
const ATTEMPT: &str = "order_id, number, venue, signature, signed_bytes, last_valid_block_height, state,
    (extract(epoch FROM created_at) * 1000000)::bigint AS created_at";

/// The condition that an order is not terminal, for rows that are looked up by their ids. In words
/// that keep the planner off the indexes of open orders, which are the wrong way to an id.
const OPEN: &str = "status NOT IN ('confirmed', 'failed')";

/// How long a caller waits for a connection before the database counts as down.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// A connection that was used this short ago is taken to be alive: asking it costs a round trip a write.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// What every connection is set to.
const SETTINGS: [(&str, &str); 8] = [
    // Bounds that keep one stuck statement or a client that died inside a transaction from holding
    // rows for ever.
    ("statement_timeout", "10s"),
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "10s"),
    // Every statement goes by one index, in its order, and arrays are joined by hashing or merging,
    // whatever the planner knows of the tables. So each statement is planned once per connection, and
    // a plan that was made while the tables were empty is still right with millions of orders in them.
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_nestloop", "off"),
    // What is off has a prohibitive price in the planner's eyes, at which it would compile the plan
    // to machine code each time; these statements are over sooner than that.
    ("jit", "off"),
];

/// What became of each write of a batch, by its position. A write without an answer is a bug.
type Answers = Vec<Option<Written>>;

/// A `PostgreSQL` database.
pub(super) struct Postgres {
    pool: PgPool,
    looks: due::Looks,
}

impl Postgres {
    /// Connects and migrates. Several processes may do so at once: the migrator takes a lock.
    ///
    /// # Errors
    /// When the server cannot be reached or a migration fails.
    pub(super) async fn connect(url: &str, max_connections: u32) -> anyhow::Result<Self> {
        let options =
            PgConnectOptions::from_str(url).context("DATABASE_URL cannot be read")?.options(SETTINGS);
        let place = format!("{}:{}", options.get_host(), options.get_port());
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|connection, use_before| {
                Box::pin(async move {
                    if use_before.idle_for > TRUSTED_FOR {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await
            .with_context(|| format!("PostgreSQL at {place} cannot be reached"))?;
        MIGRATIONS.run(&pool).await.context("cannot migrate PostgreSQL")?;
        Ok(Self { pool, looks: due::Looks::default() })
    }

    async fn run(
        &self,
        connection: &mut PgConnection,
        Rounds { rounds, due }: Rounds<'_>,
        answers: &mut Answers,
    ) -> sqlx::Result<()> {
        for round in rounds {
            run(connection, round, answers).await?;
        }
        // Last, for it takes its rows in the order they are due, not in the order of their ids.
        for (position, limit, redeliver_after) in due {
            let taken = self.looks.take(connection, limit, redeliver_after).await?;
            answers[position] = Some(Written::TakeDue(taken));
        }
        Ok(())
    }
}

impl Database for Postgres {
    /// While one waits for the disk the other computes: a fifth more orders than one at a time on two
    /// cores. Four gain nothing more, because smaller batches cost more processor time.
    const BATCHES_IN_FLIGHT: usize = 2;

    async fn write_all(&self, writes: &[Write]) -> sqlx::Result<Vec<Written>> {
        let sorted = Rounds::of(writes);
        let mut answers: Answers = writes.iter().map(|_| None).collect();
        if sorted.is_one_statement() {
            // It is a transaction by itself, for a third of the round trips.
            self.run(&mut *self.pool.acquire().await?, sorted, &mut answers).await?;
        } else {
            let mut transaction = self.pool.begin().await?;
            self.run(&mut transaction, sorted, &mut answers).await?;
            transaction.commit().await?;
        }
        answers.into_iter().map(|answer| answer.ok_or(sqlx::Error::RowNotFound)).collect()
    }

    async fn order(&self, account: AccountId, id: OrderId) -> sqlx::Result<Option<Order>> {
        read::order(&self.pool, account, id).await
    }

    async fn orders(&self, account: AccountId, filter: &OrderFilter) -> sqlx::Result<Vec<Order>> {
        read::orders(&self.pool, account, filter).await
    }

    async fn events(
        &self,
        account: AccountId,
        id: OrderId,
        after: u32,
        limit: u32,
    ) -> sqlx::Result<Vec<Event>> {
        read::events(&self.pool, account, id, after, limit).await
    }

    async fn feed(
        &self,
        account: AccountId,
        scope: &FeedScope,
        after: FeedCursor,
        limit: u32,
    ) -> sqlx::Result<FeedPage> {
        feed::read(&self.pool, account, scope, after, limit).await
    }

    async fn feed_end(&self) -> sqlx::Result<FeedCursor> {
        feed::end(&self.pool).await
    }

    async fn heads(&self, ids: &[OrderId]) -> sqlx::Result<Vec<(OrderId, u32)>> {
        read::heads(&self.pool, ids).await
    }

    async fn attempts(&self, account: AccountId, id: OrderId) -> sqlx::Result<Vec<Attempt>> {
        read::attempts(&self.pool, account, id).await
    }

    async fn open_orders(&self, at_most: u32) -> sqlx::Result<u32> {
        read::open_orders(&self.pool, at_most).await
    }

    async fn open_orders_by_status(&self, at_most: u32) -> sqlx::Result<OpenOrders> {
        read::open_orders_by_status(&self.pool, at_most).await
    }

    async fn ping(&self) -> sqlx::Result<()> {
        sqlx::query("SELECT 1").execute(&self.pool).await.map(drop)
    }
}

async fn run(connection: &mut PgConnection, round: Round<'_>, answers: &mut Answers) -> sqlx::Result<()> {
    if !round.accepts.is_empty() {
        accept::all(connection, &round.accepts, answers).await?;
    }
    for ((worker, lease), claims) in &round.claims {
        claim::all(connection, worker, *lease, claims, answers).await?;
    }
    if !round.renewals.is_empty() {
        lease::renew_all(connection, &round.renewals, answers).await?;
    }
    if !round.releases.is_empty() {
        lease::release_all(connection, &round.releases, answers).await?;
    }
    if !round.commits.is_empty() {
        commit::all(connection, &round.commits, answers).await?;
    }
    Ok(())
}
