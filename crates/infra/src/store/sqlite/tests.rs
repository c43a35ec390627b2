//! Faults of the disk and of the library, at every point of a group.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use database::Severity;
use domain::ports::Acceptance;
use sqlx::AssertSqlSafe;
use testkit::{ManualClock, samples};

use super::{super::read, *};

async fn open(folder: &tempfile::TempDir) -> Sqlite {
    Sqlite::open(&folder.path().join("orders.db"), Arc::new(ManualClock::default())).await.unwrap()
}

fn group(size: usize) -> Vec<Write> {
    let accept = |_| {
        let mut asked = samples::acceptance();
        asked.order.client_order_id = Some(format!("client-{}", asked.order.id));
        let idempotency_key = Some(format!("key-{}", asked.order.id));
        Write::Accept(Box::new(Acceptance { idempotency_key, ..asked }))
    };
    (0..size).map(accept).collect()
}

/// Nothing of the group is stored, and the next one is.
async fn is_as_before(database: &Sqlite, group: &[Write]) {
    for write in group {
        let Write::Accept(asked) = write else { panic!("a group of acceptances") };
        let mut reader = database.readers().lease().await.unwrap();
        let found = read::order(&mut *reader, asked.order.account, asked.order.id).await.unwrap();
        assert_eq!(reader.give_back(found), None);
    }
    database.write_all(&self::group(1), Patience::Short).await.unwrap();
    database.probe().await.unwrap();
}

fn code(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default().into_owned()
}

#[tokio::test]
async fn a_disk_that_is_full_at_any_page_of_a_group_costs_that_group_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(&folder).await;
    let mut failures = 0;
    for spare in 0.. {
        let mut lease = database.writer.lease().await.unwrap();
        let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut *lease).await.unwrap();
        let limit = format!("PRAGMA max_page_count = {}", pages + spare);
        sqlx::query(AssertSqlSafe(limit)).execute(&mut *lease).await.unwrap();
        lease.give_back(());
        let group = group(60);
        match database.write_all(&group, Patience::Short).await {
            Ok(_) => break,
            Err(error) => {
                assert_eq!(
                    (code(&error).as_str(), Severity::of(&error)),
                    ("13", Severity::Server),
                    "{error}"
                );
                is_as_before(&database, &group).await;
                failures += 1;
            }
        }
    }
    assert!(failures > 5, "the disk was full at {failures} places only");
}

/// As for `NOMEM` and an interrupted statement, `SQLite` may have rolled back by itself or not, depending
/// on where it was.
#[tokio::test]
async fn a_group_that_is_interrupted_anywhere_costs_that_group_and_no_other() {
    const STRIDE: usize = 37;
    let folder = tempfile::tempdir().unwrap();
    let database = open(&folder).await;
    let mut failures = 0;
    for stop_at in (1..).step_by(STRIDE) {
        let mut lease = database.writer.lease().await.unwrap();
        let steps = AtomicUsize::new(0);
        lease
            .lock_handle()
            .await
            .unwrap()
            .set_progress_handler(1, move || steps.fetch_add(1, Ordering::Relaxed) < stop_at);
        lease.give_back(());
        let group = group(3);
        match database.write_all(&group, Patience::Short).await {
            Ok(_) => break,
            Err(error) => {
                assert_eq!((code(&error).as_str(), Severity::of(&error)), ("9", Severity::Server), "{error}");
                is_as_before(&database, &group).await;
                failures += 1;
            }
        }
    }
    assert!(failures > 10, "it was interrupted at {failures} places only");
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(&folder).await);
    let file = folder.path().join("orders.db");
    // Root may write to anything, so the file says of itself that it is of a newer format.
    let mut header = std::fs::read(&file).unwrap();
    header[18] = 3;
    std::fs::write(&file, header).unwrap();
    let opened = Sqlite::open(&file, Arc::new(ManualClock::default())).await;
    let complaint = format!("{:#}", opened.err().expect("it is read-only"));
    assert!(complaint.contains("orders.db") && complaint.contains("readonly"), "{complaint}");
}

#[tokio::test]
async fn a_damaged_file_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(&folder).await;
    for _ in 0..20 {
        database.write_all(&group(60), Patience::Short).await.unwrap();
    }
    database.close().await;
    drop(database);
    let file = folder.path().join("orders.db");
    let whole = std::fs::read(&file).unwrap();
    let pages = whole.len() / PAGE;
    let mut noticed = 0;
    for page in (1..pages).step_by(pages / 40) {
        let mut torn = whole.clone();
        torn[page * PAGE..(page + 1) * PAGE].fill(0xA5);
        std::fs::write(&file, torn).unwrap();
        let opened = Sqlite::open(&file, Arc::new(ManualClock::default())).await;
        let complaint = opened.err().map(|error| format!("{error:#}"));
        noticed += usize::from(complaint.is_some_and(|it| it.contains("orders.db")));
    }
    assert!(noticed >= 40, "{noticed} of 40 torn pages were noticed");
    std::fs::write(&file, whole).unwrap();
    open(&folder).await;
}

const PAGE: usize = 4_096;
