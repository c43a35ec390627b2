//! The ledger in a table of `PostgreSQL`, shared by all processes of an engine.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use batching::Batcher;
use domain::{Signature, Timestamp, ports::Clock};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use time::OffsetDateTime;

use super::{Entry, Ledger, LedgerError, MAX_BATCH, MAX_WAITING, OpenError, own_table, row::Row};

/// The columns as `Row` reads them: times in microseconds, amounts in full.
macro_rules! select {
    () => {
        "SELECT t.signature, t.signed_bytes,
                (extract(epoch FROM t.received_at) * 1000000)::bigint AS received_at,
                (extract(epoch FROM t.settles_at) * 1000000)::bigint AS settles_at,
                t.outcome, t.slot, t.amount_in::text AS amount_in, t.amount_out::text AS amount_out,
                t.fee::text AS fee, t.failure::text AS failure
         FROM simulated_transactions t"
    };
}

/// One for the writes, one for the reads, one to spare.
const MAX_CONNECTIONS: u32 = 3;

/// What every connection is set to: bounds on a stuck statement, and signatures found by their index
/// also by a plan that was made while the ledger was empty.
const SETTINGS: [(&str, &str); 4] = [
    ("statement_timeout", "10s"),
    ("lock_timeout", "5s"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
];

/// How long a connection may be waited for.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

type Answer = Result<Option<Entry>, LedgerError>;

/// The ledger in a database.
pub struct PostgresLedger {
    time: Arc<DatabaseTime>,
    pool: PgPool,
    writes: Batcher<(Entry, Timestamp), Answer>,
    reads: Batcher<Signature, Answer>,
}

impl PostgresLedger {
    /// Connects and migrates.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(url: &str, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let options: PgConnectOptions = url.parse()?;
        // A pool of its own: time limits must not cut off the wait for another process's migration.
        let unlimited = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        own_table(sqlx::migrate!("../../migrations/simulator/postgres")).run(&unlimited).await?;
        unlimited.close().await;

        let pool = PgPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // A dead connection shows by an error, which the engine takes for what it is: nothing
            // is known. Asking before every use would double the round trips.
            .test_before_acquire(false)
            .connect_with(options.options(SETTINGS))
            .await?;
        let time = Arc::new(DatabaseTime { clock, ahead_micros: AtomicI64::new(0) });
        time.learn(sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&pool).await?);
        let writes = {
            let (pool, time) = (pool.clone(), time.clone());
            Batcher::spawn(MAX_BATCH, MAX_WAITING, move |batch| record_all(pool.clone(), time.clone(), batch))
        };
        let reads = {
            let pool = pool.clone();
            Batcher::spawn(MAX_BATCH, MAX_WAITING, move |batch| find_all(pool.clone(), batch))
        };
        Ok(Self { time, pool, writes, reads })
    }
}

/// The database's clock as seen from this process: its own clock, and how far the other is ahead,
/// which every answer that carries a time teaches anew.
struct DatabaseTime {
    clock: Arc<dyn Clock>,
    ahead_micros: AtomicI64,
}

impl DatabaseTime {
    fn learn(&self, database_now: OffsetDateTime) {
        let ahead = Timestamp::from(database_now).unix_micros() - self.clock.now().unix_micros();
        self.ahead_micros.store(ahead, Ordering::Relaxed);
    }

    fn now(&self) -> Timestamp {
        let ahead = self.ahead_micros.load(Ordering::Relaxed);
        Timestamp::from_unix_micros(self.clock.now().unix_micros().saturating_add(ahead))
    }
}

#[async_trait]
impl Ledger for PostgresLedger {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    async fn record(&self, entry: Entry, valid_until: Timestamp) -> Result<Option<Entry>, LedgerError> {
        self.writes.submit((entry, valid_until)).await?
    }

    async fn find(&self, signature: &Signature) -> Result<Option<Entry>, LedgerError> {
        self.reads.submit(signature.clone()).await?
    }

    async fn entries(&self) -> Result<Vec<Entry>, LedgerError> {
        let rows: Vec<Row> = sqlx::query_as(concat!(select!(), " ORDER BY t.received_at, t.signature"))
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(Entry::try_from).collect()
    }
}

async fn find_all(pool: PgPool, signatures: Vec<Signature>) -> Vec<Answer> {
    match find_many(&pool, &signatures).await {
        Ok(found) => signatures.iter().map(|signature| Ok(found.get(signature).cloned())).collect(),
        Err(error) => vec![Err(error); signatures.len()],
    }
}

async fn find_many(
    pool: &PgPool,
    signatures: &[Signature],
) -> Result<HashMap<Signature, Entry>, LedgerError> {
    let signatures: Vec<&str> = signatures.iter().map(Signature::as_str).collect();
    let rows: Vec<Row> = sqlx::query_as(concat!(select!(), " WHERE t.signature = ANY($1)"))
        .bind(signatures)
        .fetch_all(pool)
        .await?;
    rows.into_iter().map(|row| Entry::try_from(row).map(|entry| (entry.signature.clone(), entry))).collect()
}

async fn record_all(pool: PgPool, time: Arc<DatabaseTime>, batch: Vec<(Entry, Timestamp)>) -> Vec<Answer> {
    match try_record_all(&pool, &time, &batch).await {
        Ok(there) => batch.iter().map(|(entry, _)| Ok(there.get(&entry.signature).cloned())).collect(),
        Err(error) => vec![Err(error); batch.len()],
    }
}

/// The entries that are in the ledger afterwards, of the signatures of the batch.
async fn try_record_all(
    pool: &PgPool,
    time: &DatabaseTime,
    batch: &[(Entry, Timestamp)],
) -> Result<HashMap<Signature, Entry>, LedgerError> {
    // The same entry twice in a batch would leave open which of the two was taken.
    let mut keys = HashSet::new();
    let distinct: Vec<_> = batch.iter().filter(|(entry, _)| keys.insert(key(entry))).collect();
    let taken = insert(pool, time, &distinct).await?;
    let mut there: HashMap<Signature, Entry> = distinct
        .into_iter()
        .filter(|(entry, _)| taken.contains(&key(entry)))
        .map(|(entry, _)| (entry.signature.clone(), entry.clone()))
        .collect();
    let missing: Vec<Signature> = batch
        .iter()
        .map(|(entry, _)| &entry.signature)
        .filter(|signature| !there.contains_key(*signature))
        .cloned()
        .collect();
    if !missing.is_empty() {
        there.extend(find_many(pool, &missing).await?);
    }
    Ok(there)
}

/// A signature, and whether it is the transaction rather than its tombstone.
fn key(entry: &Entry) -> (String, bool) {
    (entry.signature.as_str().to_owned(), entry.signed_bytes.is_some())
}

/// Inserts what the database's clock allows and nobody else has inserted; gives back the keys of it.
async fn insert(
    pool: &PgPool,
    time: &DatabaseTime,
    batch: &[&(Entry, Timestamp)],
) -> Result<HashSet<(String, bool)>, LedgerError> {
    let rows: Vec<Row> = batch.iter().map(|(entry, _)| Row::of(entry)).collect::<Result<_, _>>()?;
    let valid_until: Vec<OffsetDateTime> = batch.iter().map(|(_, until)| (*until).into()).collect();
    let at = |micros: i64| OffsetDateTime::from(Timestamp::from_unix_micros(micros));
    let inserted: Vec<(String, bool, OffsetDateTime)> = sqlx::query_as(INSERT)
        .bind(valid_until)
        .bind(rows.iter().map(|row| row.signature.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.signed_bytes.as_deref()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| at(row.received_at)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| at(row.settles_at)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.outcome.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.slot).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.amount_in.as_deref()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.amount_out.as_deref()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.fee.as_deref()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.failure.as_deref()).collect::<Vec<_>>())
        .fetch_all(pool)
        .await?;
    if let Some((_, _, now)) = inserted.last() {
        time.learn(*now);
    }
    Ok(inserted.into_iter().map(|(signature, is_transaction, _)| (signature, is_transaction)).collect())
}

/// The clock is read inside the statement, and the unique signature settles every race. Sorted, so
/// that two processes with the same signatures cannot wait for each other in a circle.
const INSERT: &str = "
    INSERT INTO simulated_transactions AS t
        (signature, signed_bytes, received_at, settles_at, outcome, slot, amount_in, amount_out, fee, failure)
    SELECT signature, signed_bytes, received_at, settles_at, outcome, slot,
           amount_in::numeric, amount_out::numeric, fee::numeric, failure::jsonb
    FROM UNNEST($1::timestamptz[], $2::text[], $3::bytea[], $4::timestamptz[], $5::timestamptz[],
                $6::text[], $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[])
         AS sent (valid_until, signature, signed_bytes, received_at, settles_at,
                  outcome, slot, amount_in, amount_out, fee, failure)
    WHERE (clock_timestamp() < valid_until) = (signed_bytes IS NOT NULL)
    ORDER BY signature
    ON CONFLICT DO NOTHING
    RETURNING t.signature, t.signed_bytes IS NOT NULL, clock_timestamp()";
