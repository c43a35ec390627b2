//! Orders in `PostgreSQL`. Leases and due times go by the database's clock.
//!
//! A batch of writes costs a handful of statements, however many writes it has: each statement takes
//! its parameters as arrays and does one kind of write for many orders.

mod accept;
mod books;
mod cancel;
mod changes;
mod claim;
mod columns;
mod commit;
mod due;
mod effects;
mod enter;
mod feed;
mod lease;
mod new_orders;
#[cfg(test)]
mod plans;
mod refused;
mod rounds;

use std::{
    str::FromStr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use anyhow::{Context, anyhow};
use database::{
    Pool, PoolOptions,
    postgres::{self, Probe, Settings},
};
use domain::{
    AccountId, OrderId,
    ports::{FeedCursor, FeedPage, FeedScope},
};
use sqlx::{
    AssertSqlSafe, Connection, PgConnection, error::DatabaseError, migrate::Migrator,
    postgres::PgConnectOptions, types::Uuid,
};

use super::row::{POSTGRES_ATTEMPT as ATTEMPT, POSTGRES_ORDER as ORDER};
use super::{
    reader::{Dialect, Parameter, Reader, Row, Select, query},
    request::{Database, Patience, Write, Written},
};
use books::{Books, Care};
use changes::does_not_fit;
use rounds::{Round, Sorted};

/// The migrations.
pub(crate) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    database::migrations!(
        "../../migrations/postgres",
        [
            "0001_orders",
            "0002_feed",
            "0003_no_foreign_keys_of_rows",
            "0004_refuse",
            "0006_lost_claims",
            "0007_write_probe",
            "0008_timed_at",
            "0009_parked",
            "0010_tag",
            "0011_lifecycle",
            "0012_network_fee",
            "0013_wallets",
            "0014_wallet_lookups",
        ]
    )
});

/// Settings of every connection.
///
/// Every statement goes by one index, in its order, and arrays are joined by hashing or merging, whatever
/// the planner knows of the tables. So each statement is planned once per connection, and a plan that was
/// made while the tables were empty is still right with millions of orders in them. What is off has a
/// prohibitive price in the planner's eyes, at which it would compile the plan to machine code each time;
/// these statements are over sooner than that.
macro_rules! settings {
    ($($bound:expr),*) => {
        &[
            $($bound,)*
            ("idle_in_transaction_session_timeout", "10s"),
            ("plan_cache_mode", "force_generic_plan"),
            ("enable_seqscan", "off"),
            ("enable_bitmapscan", "off"),
            ("enable_nestloop", "off"),
            ("jit", "off"),
        ]
    };
}

const READING: Settings = settings!(("statement_timeout", "10s"), ("lock_timeout", "5s"));
/// A group hardly waits for locked rows: each of its writes would wait with the one that meets the lock.
const WRITING: Settings = settings!(("statement_timeout", "6s"), ("lock_timeout", "250ms"));
/// For a write that is alone.
const WAIT_FOR_LOCKS: &str = "SET lock_timeout = '4s'";
const WAIT_NO_MORE: &str = "SET lock_timeout = '250ms'";
/// A migration has no time limit, and may wait for another process's.
const MIGRATING: Settings = &[("statement_timeout", "0"), ("lock_timeout", "0")];

/// Connections that write at most.
const MAX_WRITES: usize = 4;

const POOLED: &str = "DATABASE_URL leads through a connection pooler in transaction or statement mode, in \
    which settings and prepared statements do not stay with their connection; use its session mode \
    (PgBouncer: pool_mode=session) or connect to PostgreSQL itself";

/// Whether an error can only come from a pooler that hands one session to several clients: a prepared statement
/// of another client is there, or ours is not.
fn is_of_another_session(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    matches!(code.as_deref(), Some("42P05" | "26000"))
}

/// The result of each write of a batch, by its position. A write without a result is a bug.
type Answers = Vec<Option<Written>>;

/// A `PostgreSQL` database.
pub(super) struct Postgres {
    /// Apart from the reads, which may be many and must not keep orders from being accepted.
    writes: Pool<PgConnection>,
    reads: Pool<PgConnection>,
    max_writes: usize,
    looks: due::DueScanner,
}

impl Postgres {
    /// Connects and migrates, waiting up to `patience` for a server that is starting. Several processes may
    /// do so at once: the migrator takes a lock.
    ///
    /// # Errors
    /// When the server cannot be reached or written to, a pooler is in between that mixes sessions, or a
    /// migration fails.
    pub(super) async fn connect(url: &str, max_connections: u32, patience: Duration) -> anyhow::Result<Self> {
        let options = PgConnectOptions::from_str(url).context(
            "DATABASE_URL cannot be read; characters such as # @ / ? in its user name or password must be \
             percent-encoded (# is %23)",
        )?;
        let place = format!("{}:{}", options.get_host(), options.get_port());
        let opened = postgres::reach(patience, || async {
            let mut connection = postgres::open(&options, MIGRATING).await?;
            postgres::writable(&mut connection).await?;
            Ok(connection)
        });
        let mut connection = opened.await.map_err(|error| match &error {
            _ if is_of_another_session(&error) => anyhow!(POOLED),
            _ => anyhow!("PostgreSQL at {place} cannot be used: {error}"),
        })?;
        let is_shared = postgres::reach(patience, || postgres::shares_sessions(&options)).await;
        if is_shared.with_context(|| format!("PostgreSQL at {place} cannot be asked"))? {
            anyhow::bail!(POOLED);
        }
        MIGRATIONS.run_direct(None, &mut connection, false).await.context("cannot migrate PostgreSQL")?;
        feed::adopt(&mut connection).await.context("cannot bring the feed over from another server")?;
        connection.close().await?;

        let max_connections = max_connections as usize;
        let max_writes = (max_connections / 2).clamp(1, MAX_WRITES);
        let pool =
            |settings, probe, max| postgres::pool(options.clone(), settings, probe, PoolOptions::new(max));
        Ok(Self {
            writes: pool(WRITING, Probe::Writable, max_writes),
            reads: pool(READING, Probe::Alive, max_connections - max_writes),
            max_writes,
            looks: due::DueScanner::default(),
        })
    }

    async fn write(&self, connection: &mut PgConnection, writes: &[Write]) -> sqlx::Result<Vec<Written>> {
        match self.write_with(Care::Little, connection, writes).await {
            Err(error) if does_not_fit(&error) => self.write_with(Care::Great, connection, writes).await,
            written => written,
        }
    }

    async fn write_with(
        &self,
        care: Care,
        connection: &mut PgConnection,
        writes: &[Write],
    ) -> sqlx::Result<Vec<Written>> {
        let sorted = Sorted::of(writes);
        let mut answers: Answers = writes.iter().map(|_| None).collect();
        let at_once = care == Care::Little && sorted.ends_with_its_only_entries();
        if sorted.is_one_statement(at_once) {
            // It is a transaction by itself, for a third of the round trips.
            if let Err(error) = self.run(connection, sorted, &mut answers, care, at_once).await {
                return decided(answers, error);
            }
        } else {
            let mut transaction = connection.begin().await?;
            self.run(&mut transaction, sorted, &mut answers, care, at_once).await?;
            transaction.commit().await?;
        }
        answers.into_iter().map(|answer| answer.ok_or(sqlx::Error::RowNotFound)).collect()
    }

    async fn run(
        &self,
        connection: &mut PgConnection,
        Sorted { rounds, due, wallets, transfers }: Sorted<'_>,
        answers: &mut Answers,
        care: Care,
        at_once: bool,
    ) -> sqlx::Result<()> {
        let mut books = Books::new(at_once);
        for round in rounds {
            run(connection, round, answers, &mut books).await?;
        }
        // After the rounds, for it takes its rows in the order they are due, not in the order of their ids.
        for (position, limit, redeliver_after) in due {
            let taken = self.looks.take(connection, limit, redeliver_after).await?;
            answers[position] = Some(Written::LeaseDue(taken));
        }
        for (position, wallet, opening) in wallets {
            let opened = books.open(connection, wallet, opening).await?;
            answers[position] = Some(Written::OpenWallet(opened));
        }
        for (position, transfer) in transfers {
            books.transferred(position, transfer);
        }
        books.write(connection, answers, care).await
    }
}

impl Database for Postgres {
    type Reader = PgConnection;

    /// While one waits for the disk the other computes: a fifth more orders than one at a time on two
    /// cores. Four gain nothing more, because smaller batches cost more processor time.
    const BATCHES_IN_FLIGHT: usize = 2;

    fn readers(&self) -> &Pool<PgConnection> {
        &self.reads
    }

    async fn close(&self) {
        self.reads.close_idle().await;
        self.writes.close_idle().await;
    }

    fn patient_writes(&self) -> usize {
        self.max_writes.saturating_sub(Self::BATCHES_IN_FLIGHT).max(1)
    }

    async fn write_all(&self, writes: &[Write], patience: Patience) -> sqlx::Result<Vec<Written>> {
        let mut lease = self.writes.lease().await?;
        if patience == Patience::Long {
            sqlx::raw_sql(WAIT_FOR_LOCKS).execute(&mut *lease).await?;
        }
        let written = self.write(&mut lease, writes).await?;
        if written.iter().any(|written| matches!(written, Written::Refused(_))) {
            return Ok(written); // the connection has met an error, and is closed
        }
        if patience == Patience::Long && sqlx::raw_sql(WAIT_NO_MORE).execute(&mut *lease).await.is_err() {
            return Ok(written); // written all the same, and the connection is closed
        }
        Ok(lease.give_back(written))
    }

    async fn probe(&self) -> sqlx::Result<()> {
        let mut lease = self.writes.lease().await?;
        // Rows of sessions, so that processes do not wait for each other's.
        sqlx::query(
            "INSERT INTO write_probe (id, written_at) VALUES (pg_backend_pid() % 64, clock_timestamp())
             ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at",
        )
        .execute(&mut *lease)
        .await?;
        lease.give_back(());
        Ok(())
    }
}

impl Reader for PgConnection {
    const DIALECT: Dialect = Dialect::Postgres;

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

    async fn feed_held_at(&mut self) -> sqlx::Result<Option<u64>> {
        feed::held_at(self).await
    }
}

/// Ids of orders as one parameter.
fn ids(ids: Vec<OrderId>) -> Vec<Uuid> {
    ids.into_iter().map(|id| id.0).collect()
}

/// What is known of a batch that was one statement and then met an error. Commits are durable with that statement;
/// what follows is only the question why others did not pass.
fn decided(answers: Answers, error: sqlx::Error) -> sqlx::Result<Vec<Written>> {
    if !answers.iter().flatten().any(|written| matches!(written, Written::Commit(_))) {
        return Err(error);
    }
    let error = Arc::new(error);
    let answers = answers.into_iter().map(|answer| answer.unwrap_or_else(|| Written::Refused(error.clone())));
    Ok(answers.collect())
}

async fn run(
    connection: &mut PgConnection,
    round: Round<'_>,
    answers: &mut Answers,
    books: &mut Books<'_>,
) -> sqlx::Result<()> {
    if !round.accepts.is_empty() {
        accept::all(connection, &round.accepts, answers, books).await?;
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
    if !round.unparked.is_empty() {
        lease::unpark_all(connection, &round.unparked, answers).await?;
    }
    if !round.cancels.is_empty() {
        cancel::all(connection, &round.cancels, answers).await?;
    }
    if !round.commits.is_empty() {
        commit::all(connection, &round.commits, answers, books).await?;
    }
    Ok(())
}
