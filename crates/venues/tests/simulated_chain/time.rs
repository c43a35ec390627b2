//! The simulated chain in time: waiting, seeds, and opening its transaction logs.

use std::{path::Path, sync::Arc, time::Duration};

use crate::support::{IDEAL, INSTANT, chain_over, sign, swap};
use domain::{
    Timestamp,
    ports::{Chain, Clock, TransactionStatus},
};
use futures::future::join_all;
use sqlx::Connection;
use testkit::ManualClock;
use tokio::time::Instant;
use venues::{
    LogLocation, Preset, VenueConfig,
    simulated::transaction_log::{self, MemoryLog},
};

/// Follows the runtime's clock, which is simulated in these tests.
struct RuntimeClock(Instant);

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(1_800_000_000_000) + self.0.elapsed()
    }
}

fn runtime_clock() -> Arc<RuntimeClock> {
    Arc::new(RuntimeClock(Instant::now()))
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_when_the_transaction_lands() {
    let log = Arc::new(MemoryLog::new(runtime_clock()));
    let chain = chain_over(log, IDEAL, 1);
    let signed = sign(&chain, &swap()).await;
    chain.send(&signed).await.unwrap();
    let begun = Instant::now();
    let patience = Duration::from_mins(1);
    let status = chain.await_status(&signed, patience).await;
    assert!(matches!(status, Ok(TransactionStatus::Landed(_))));
    let waited = begun.elapsed(); // simulated, so exact to the timer's millisecond
    assert!((2_000..=3_001).contains(&waited.as_millis()), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_delay_nobody_waits() {
    let chain = chain_over(Arc::new(MemoryLog::new(runtime_clock())), INSTANT, 1);
    let begun = Instant::now();
    let signed = sign(&chain, &swap()).await;
    chain.send(&signed).await.unwrap();
    let patience = Duration::from_mins(1);
    let status = chain.await_status(&signed, patience).await;
    assert!(matches!(status, Ok(TransactionStatus::Landed(_))));
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn waiting_notices_what_another_process_sends_and_what_expires() {
    let log = Arc::new(MemoryLog::new(runtime_clock()));
    let (here, there) = (chain_over(log.clone(), IDEAL, 1), chain_over(log, IDEAL, 2));
    let patience = Duration::from_mins(2);
    let signed = sign(&here, &swap()).await;
    let waiting = here.await_status(&signed, patience);
    let sending = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        there.send(&signed).await
    };
    let (status, sent) = tokio::join!(waiting, sending);
    sent.unwrap();
    assert!(matches!(status, Ok(TransactionStatus::Landed(_))));

    let never_sent = sign(&here, &swap()).await;
    let begun = Instant::now();
    let status = here.await_status(&never_sent, patience).await;
    assert_eq!(status.unwrap(), TransactionStatus::Expired);
    assert!((60_000..61_000).contains(&begun.elapsed().as_millis()));
}

#[tokio::test]
async fn the_same_seed_nonces_and_times_give_the_same_outcomes() {
    let run = || async {
        let clock = Arc::new(ManualClock::default());
        let log = Arc::new(MemoryLog::new(clock.clone()));
        let chain = chain_over(log.clone(), Preset::Brutal.conditions(), 7);
        for _ in 0..100 {
            let signed = sign(&chain, &swap()).await;
            chain.send(&signed).await.unwrap();
            clock.advance(Duration::from_millis(130));
        }
        transaction_log::TransactionLog::entries(log.as_ref()).await.unwrap()
    };
    let entries = run().await;
    assert!((20..80).contains(&entries.len()), "half are lost: {}", entries.len());
    assert_eq!(entries, run().await);
}

/// The process's clock is months ahead of the database's; it makes no difference.
#[tokio::test]
async fn over_postgres_the_database_s_clock_counts() {
    let url = testkit::postgres::fresh_database().await;
    let clock = Arc::new(ManualClock::default());
    clock.advance(Duration::from_hours(400 * 24));
    let log = transaction_log::open(&LogLocation::Postgres(url), clock).await.unwrap();
    let chain = chain_over(log, INSTANT, 1);
    let signed = sign(&chain, &swap()).await;
    chain.send(&signed).await.unwrap();
    let status = chain.status(&signed).await.unwrap();
    assert!(matches!(status, TransactionStatus::Landed(_)), "{status:?}");
}

#[tokio::test]
async fn processes_that_start_at_once_share_a_fresh_database() {
    let url = testkit::postgres::fresh_database().await;
    start_at_once(LogLocation::Postgres(url)).await;
}

#[tokio::test]
async fn processes_that_start_at_once_share_a_fresh_file() {
    let folder = tempfile::tempdir().unwrap();
    start_at_once(LogLocation::Sqlite(folder.path().join("data").join("simulated-chain.db"))).await;
}

async fn start_at_once(location: LogLocation) {
    let started = (0..6).map(|_| {
        let location = location.clone();
        tokio::spawn(async move {
            let config = VenueConfig::preset(Preset::Instant);
            let trading =
                venues::connect_trading(&config, location, Arc::new(ManualClock::default())).await?;
            Ok::<_, venues::ConnectError>(trading.quotes.venues.len())
        })
    });
    for started in join_all(started).await {
        assert_eq!(started.unwrap().unwrap(), 2);
    }
}

#[tokio::test]
async fn the_log_lives_beside_the_engines_own_tables() {
    let url = testkit::postgres::fresh_database().await;
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let clock = Arc::new(ManualClock::default());
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/postgres");
    let engine = sqlx::migrate::Migrator::new(files).await.unwrap();
    engine.run(&pool).await.unwrap();
    let location = LogLocation::Postgres(url);
    transaction_log::open(&location, clock.clone()).await.unwrap();
    engine.run(&pool).await.unwrap();
    transaction_log::open(&location, clock).await.unwrap();
}

/// A migration that is in its folder and not in the program's list would never run.
#[tokio::test]
async fn every_migration_of_the_folders_is_run() {
    let files = |database: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/simulator").join(database);
        i64::try_from(std::fs::read_dir(folder).unwrap().count()).unwrap()
    };
    let count = "SELECT count(*) FROM _simulator_migrations";
    let clock = Arc::new(ManualClock::default());

    let url = testkit::postgres::fresh_database().await;
    transaction_log::open(&LogLocation::Postgres(url.clone()), clock.clone()).await.unwrap();
    let mut postgres = sqlx::PgConnection::connect(&url).await.unwrap();
    let run: i64 = sqlx::query_scalar(count).fetch_one(&mut postgres).await.unwrap();
    assert_eq!(run, files("postgres"));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("simulated-chain.db");
    transaction_log::open(&LogLocation::Sqlite(file.clone()), clock).await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut sqlite = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let run: i64 = sqlx::query_scalar(count).fetch_one(&mut sqlite).await.unwrap();
    assert_eq!(run, files("sqlite"));
}

/// Connections are not tried before they are used, so a lost one shows by an error, once.
#[tokio::test]
async fn over_postgres_a_lost_connection_is_replaced() {
    let url = testkit::postgres::fresh_database().await;
    let location = LogLocation::Postgres(url.clone());
    let chain = chain_over(
        transaction_log::open(&location, Arc::new(ManualClock::default())).await.unwrap(),
        INSTANT,
        1,
    );
    let signed = sign(&chain, &swap()).await;
    chain.send(&signed).await.unwrap();

    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .execute(&pool)
    .await
    .unwrap();
    let next = sign(&chain, &swap()).await;
    let mut errors = 0;
    while chain.send(&next).await.is_err() {
        errors += 1;
        assert!(errors <= 3, "as many as there were connections");
    }
    for signed in [signed, next] {
        let status = chain.status(&signed).await.unwrap();
        assert!(matches!(status, TransactionStatus::Landed(_)), "{status:?}");
    }
}
