//! The transaction log in a table of `PostgreSQL`, shared by all processes of an engine.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use batching::Batcher;
use database::{
    Pool, PoolOptions,
    postgres::{self, Probe, Settings},
    within,
};
use domain::{
    Signature, Timestamp,
    ports::{Clock, OnwardTime},
};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use time::OffsetDateTime;

use super::{
    Entry, LogError, MAX_BATCH, MAX_WAITING, OpenError, TransactionLog, WITHIN, open_accounts::OpenAccounts,
    own_table, row::Row,
};

/// The columns as `Row` reads them: times in microseconds, amounts in full.
macro_rules! select {
    () => {
        "SELECT t.signature, t.signed_bytes,
                (extract(epoch FROM t.received_at) * 1000000)::bigint AS received_at,
                (extract(epoch FROM t.settles_at) * 1000000)::bigint AS settles_at,
                t.outcome, t.slot, t.amount_in::text AS amount_in, t.amount_out::text AS amount_out,
                t.fee::text AS fee, t.failure::text AS failure,
                (SELECT count(*) FROM simulated_accounts a WHERE a.opened_by = t.signature) AS opened
         FROM simulated_transactions t"
    };
}

/// What every connection is set to: bounds on a stuck statement, and signatures found by their index
/// also by a plan that was made while the transaction log was empty.
const SETTINGS: Settings = &[
    ("statement_timeout", "5s"),
    ("lock_timeout", "3s"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
];

/// Entries that are read at once when all are.
const PAGE: i64 = 10_000;

type Answer = Result<Option<Entry>, LogError>;

/// The transaction log in a database.
pub struct PostgresLog {
    /// The database's clock as seen from this process. Every answer that carries a time corrects it.
    time: Arc<OnwardTime>,
    pool: Pool<PgConnection>,
    writes: Batcher<(Entry, Timestamp), Answer>,
    reads: Batcher<Signature, Answer>,
}

impl PostgresLog {
    /// Connections that a process opens for the log at most: one for the writes, one for the reads, one to spare.
    pub const CONNECTIONS: u32 = 3;

    /// Connects and migrates.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(url: &str, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let options: PgConnectOptions = url.parse()?;
        // Without time limits, which would cut off the wait for another process's migration.
        let mut unlimited = postgres::open(&options, &[]).await?;
        let migrator = own_table(database::migrations!(
            "../../migrations/simulator/postgres",
            ["0001_transactions", "0002_by_arrival", "0003_accounts"]
        ));
        migrator.run_direct(None, &mut unlimited, false).await?;
        // A failover may have led to a server whose clock is behind: the chain goes on from its last entry.
        let now: OffsetDateTime = sqlx::query_scalar(
            "SELECT GREATEST(clock_timestamp(), (SELECT max(received_at) FROM simulated_transactions))",
        )
        .fetch_one(&mut unlimited)
        .await?;
        let time = Arc::new(OnwardTime::starting_at(clock, now.into()));
        unlimited.close().await?;

        let limits = PoolOptions::new(Self::CONNECTIONS as usize);
        let pool = postgres::pool(options, SETTINGS, Probe::Writable, limits);
        let writes = {
            let (pool, time, open) = (pool.clone(), time.clone(), OpenAccounts::new());
            Batcher::spawn(MAX_BATCH, MAX_WAITING, move |batch| {
                record_all(pool.clone(), time.clone(), open.clone(), batch)
            })
        };
        let reads = {
            let pool = pool.clone();
            Batcher::spawn(MAX_BATCH, MAX_WAITING, move |batch| find_all(pool.clone(), batch))
        };
        Ok(Self { time, pool, writes, reads })
    }
}

#[async_trait]
impl TransactionLog for PostgresLog {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    async fn record(&self, entry: Entry, valid_until: Timestamp) -> Result<Option<Entry>, LogError> {
        self.writes.submit((entry, valid_until)).await?
    }

    async fn find(&self, signature: &Signature) -> Result<Option<Entry>, LogError> {
        self.reads.submit(signature.clone()).await?
    }

    async fn landed_since(&self, received_at: Timestamp) -> Result<Vec<Entry>, LogError> {
        let rows = within(WITHIN, async {
            let mut lease = self.pool.lease().await?;
            let rows: Vec<Row> = sqlx::query_as(concat!(
                select!(),
                " WHERE t.received_at >= $1 AND t.outcome = 'landed' ORDER BY t.received_at, t.signature"
            ))
            .bind(OffsetDateTime::from(received_at))
            .fetch_all(&mut *lease)
            .await?;
            Ok(lease.give_back(rows))
        });
        rows.await?.into_iter().map(Entry::try_from).collect()
    }

    fn is_shared(&self) -> bool {
        true
    }

    /// In pages: one statement for a log of a million transactions would take longer than any may.
    async fn entries(&self) -> Result<Vec<Entry>, LogError> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let after = entries.last().map_or(String::new(), |entry| entry.signature.to_string());
            let rows = within(WITHIN, async {
                let mut lease = self.pool.lease().await?;
                let rows: Vec<Row> = sqlx::query_as(concat!(
                    select!(),
                    " WHERE t.signature > $1 ORDER BY t.signature LIMIT $2"
                ))
                .bind(after)
                .bind(PAGE)
                .fetch_all(&mut *lease)
                .await?;
                Ok(lease.give_back(rows))
            });
            let rows = rows.await?;
            let is_last = i64::try_from(rows.len()).is_ok_and(|rows| rows < PAGE);
            for row in rows {
                entries.push(row.try_into()?);
            }
            if is_last {
                entries.sort_by(|one, other| {
                    (one.received_at, &one.signature).cmp(&(other.received_at, &other.signature))
                });
                return Ok(entries);
            }
        }
    }
}

async fn find_all(pool: Pool<PgConnection>, signatures: Vec<Signature>) -> Vec<Answer> {
    let found = within(WITHIN, async {
        let mut lease = pool.lease().await?;
        let rows = find_many(&mut lease, &signatures).await?;
        Ok(lease.give_back(rows))
    });
    match found.await.map_err(LogError::from).and_then(by_signature) {
        Ok(found) => signatures.iter().map(|signature| Ok(found.get(signature).cloned())).collect(),
        Err(error) => vec![Err(error); signatures.len()],
    }
}

async fn find_many(connection: &mut PgConnection, signatures: &[Signature]) -> sqlx::Result<Vec<Row>> {
    let signatures: Vec<&str> = signatures.iter().map(Signature::as_str).collect();
    sqlx::query_as(concat!(select!(), " WHERE t.signature = ANY($1)"))
        .bind(signatures)
        .fetch_all(connection)
        .await
}

fn by_signature(rows: Vec<Row>) -> Result<HashMap<Signature, Entry>, LogError> {
    rows.into_iter().map(|row| Entry::try_from(row).map(|entry| (entry.signature.clone(), entry))).collect()
}

async fn record_all(
    pool: Pool<PgConnection>,
    time: Arc<OnwardTime>,
    open: OpenAccounts,
    batch: Vec<(Entry, Timestamp)>,
) -> Vec<Answer> {
    match try_record_all(&pool, &time, &open, &batch).await {
        Ok(there) => batch.iter().map(|(entry, _)| Ok(there.get(&entry.signature).cloned())).collect(),
        Err(error) => vec![Err(error); batch.len()],
    }
}

/// The entries that are in the transaction log afterwards, of the signatures of the batch.
async fn try_record_all(
    pool: &Pool<PgConnection>,
    time: &OnwardTime,
    open: &OpenAccounts,
    batch: &[(Entry, Timestamp)],
) -> Result<HashMap<Signature, Entry>, LogError> {
    // The same entry twice in a batch would leave open which of the two was taken.
    let mut keys = HashSet::new();
    let distinct: Vec<_> = batch.iter().filter(|(entry, _)| keys.insert(key(entry))).collect();
    let rows: Vec<Row> = distinct.iter().map(|(entry, _)| Row::of(entry)).collect::<Result<_, _>>()?;
    let valid_until: Vec<OffsetDateTime> = distinct.iter().map(|(_, until)| (*until).into()).collect();
    let unknown = distinct
        .iter()
        .flat_map(|(entry, _)| open.unknown_of(entry).map(|account| (account, entry.signature.as_str())));
    let unknown: Vec<(String, &str)> = unknown.collect();
    let (there, found) = within(WITHIN, async {
        let mut lease = pool.lease().await?;
        let inserted = insert(&mut lease, &rows, valid_until, &unknown, time.now()).await?;
        let inserted_of = |entry: &Entry| inserted.opened.get(&key(entry)).copied();
        let there: HashMap<Signature, Entry> = distinct
            .iter()
            .filter_map(|(entry, _)| Some((entry, inserted_of(entry)?)))
            .map(|(entry, opened)| (entry.signature.clone(), entry.clone().having_opened(opened)))
            .collect();
        let missing: Vec<Signature> = batch
            .iter()
            .map(|(entry, _)| &entry.signature)
            .filter(|signature| !there.contains_key(*signature))
            .cloned()
            .collect();
        let found = if missing.is_empty() { Vec::new() } else { find_many(&mut lease, &missing).await? };
        if let Some(now) = inserted.now {
            time.reach(now.into());
        }
        Ok(lease.give_back((there, found)))
    })
    .await?;
    for entry in there.values() {
        open.remember(entry);
    }
    let mut all = by_signature(found)?;
    all.extend(there);
    Ok(all)
}

/// A signature, and whether it is the transaction rather than its tombstone.
fn key(entry: &Entry) -> (String, bool) {
    (entry.signature.as_str().to_owned(), entry.signed_bytes.is_some())
}

/// What came of an insert.
struct Inserted {
    /// How many accounts each of them opened.
    opened: HashMap<(String, bool), u64>,
    /// The database's time, if anything was inserted.
    now: Option<OffsetDateTime>,
}

/// Inserts what the database's clock allows and is not there yet, and opens the accounts that may not be open yet, each
/// with the signature that needs it.
async fn insert(
    connection: &mut PgConnection,
    rows: &[Row],
    valid_until: Vec<OffsetDateTime>,
    unknown: &[(String, &str)],
    known_now: Timestamp,
) -> sqlx::Result<Inserted> {
    let at = |micros: i64| OffsetDateTime::from(Timestamp::from_unix_micros(micros));
    let mut query = sqlx::query_as(if unknown.is_empty() { INSERT } else { INSERT_AND_OPEN })
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
        .bind(OffsetDateTime::from(known_now));
    if !unknown.is_empty() {
        let (accounts, signatures): (Vec<&str>, Vec<&str>) =
            unknown.iter().map(|(account, signature)| (account.as_str(), *signature)).unzip();
        query = query.bind(accounts).bind(signatures);
    }
    let inserted: Vec<(String, bool, OffsetDateTime, i64)> = query.fetch_all(connection).await?;
    let now = inserted.last().map(|(_, _, now, _)| *now);
    let opened = inserted.into_iter().map(|(signature, is_transaction, _, opened)| {
        let opened = u64::try_from(opened).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(((signature, is_transaction), opened))
    });
    Ok(Inserted { opened: opened.collect::<sqlx::Result<_>>()?, now })
}

/// The clock is read inside the statement, and is never behind what the chain's time is known to be: a clock
/// that stepped back would keep expired transactions valid for as long. The unique signature settles every race. Sorted, so
/// that two processes with the same signatures cannot wait for each other in a circle.
macro_rules! insert {
    ($($returning:literal)?) => {
        concat!(
            "INSERT INTO simulated_transactions AS t
                 (signature, signed_bytes, received_at, settles_at, outcome, slot, amount_in, amount_out, fee, failure)
             SELECT signature, signed_bytes, received_at, settles_at, outcome, slot,
                    amount_in::numeric, amount_out::numeric, fee::numeric, failure::jsonb
             FROM UNNEST($1::timestamptz[], $2::text[], $3::bytea[], $4::timestamptz[], $5::timestamptz[],
                         $6::text[], $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[])
                  AS sent (valid_until, signature, signed_bytes, received_at, settles_at,
                           outcome, slot, amount_in, amount_out, fee, failure)
             WHERE (GREATEST(clock_timestamp(), $12) < valid_until) = (signed_bytes IS NOT NULL)
             ORDER BY signature
             ON CONFLICT DO NOTHING
             RETURNING t.signature, t.signed_bytes IS NOT NULL AS is_transaction, clock_timestamp() AS now"
            $(, $returning)?
        )
    };
}

const INSERT: &str = insert!(", 0::bigint AS opened");

/// The same for a batch that may open accounts: only what is inserted opens any, the first one of the batch each. Sorted as
/// well, and after the signatures, for the same reason.
const INSERT_AND_OPEN: &str = concat!(
    "WITH inserted AS (",
    insert!(),
    "), opened AS (
         INSERT INTO simulated_accounts (address, opened_by)
         SELECT DISTINCT ON (address) address, signature
         FROM UNNEST($13::text[], $14::text[]) WITH ORDINALITY AS needed (address, signature, place)
         JOIN inserted USING (signature)
         WHERE inserted.is_transaction
         ORDER BY address, place
         ON CONFLICT DO NOTHING
         RETURNING opened_by
     )
     SELECT signature, is_transaction, now, (SELECT count(*) FROM opened WHERE opened_by = signature) AS opened
     FROM inserted"
);
