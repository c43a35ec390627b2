use sqlx::AssertSqlSafe;
use testkit::ManualClock;

use super::*;

const VALID_UNTIL: Timestamp = Timestamp::from_unix_micros(i64::MAX / 2);

async fn open(folder: &tempfile::TempDir) -> SqliteLog {
    SqliteLog::open(&folder.path().join("simulated-chain.db"), Arc::new(ManualClock::default()))
        .await
        .unwrap()
}

fn entry(number: u32) -> Entry {
    let signature = Signature::from_bytes(&[u8::try_from(number % 251).unwrap(); 64]);
    let signature = Signature::from_base58(format!("{number}-{}", signature.as_str()));
    let now = Timestamp::default();
    Entry { signed_bytes: Some(vec![7; 900]), ..Entry::tombstone(signature, now) }
}

#[tokio::test]
async fn a_disk_that_is_full_at_any_page_of_a_batch_costs_that_batch_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder).await;
    let (mut failures, mut number) = (0, 0);
    for spare in 0.. {
        let mut lease = log.writer.lease().await.unwrap();
        let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut *lease).await.unwrap();
        let limit = format!("PRAGMA max_page_count = {}", pages + spare);
        sqlx::query(AssertSqlSafe(limit)).execute(&mut *lease).await.unwrap();
        lease.give_back(());
        let batch: Vec<_> = (0..60)
            .map(|_| {
                number += 1;
                (entry(number), VALID_UNTIL)
            })
            .collect();
        let recorded =
            record_all(log.writer.clone(), log.time.clone(), OpenAccounts::new(), batch.clone()).await;
        if recorded.iter().all(Result::is_ok) {
            break;
        }
        assert!(recorded.iter().all(Result::is_err), "all of a batch or nothing of it");
        for (entry, _) in &batch {
            assert_eq!(log.find(&entry.signature).await.unwrap(), None);
        }
        let (later, until) = batch[0].clone();
        assert_eq!(log.record(later.clone(), until).await.unwrap(), Some(later), "there is room again");
        failures += 1;
    }
    assert!(failures > 5, "the disk was full at {failures} places only");
}

#[tokio::test]
async fn the_chain_goes_on_from_its_last_entry_when_the_clock_was_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("simulated-chain.db");
    let before = ManualClock::default();
    before.advance(Duration::from_hours(1));
    let log = SqliteLog::open(&path, Arc::new(before)).await.unwrap();
    let last = log.now();
    let sent = Entry { received_at: last, ..entry(1) };
    log.record(sent, VALID_UNTIL).await.unwrap();
    drop(log);

    let clock = Arc::new(ManualClock::default());
    let log = SqliteLog::open(&path, clock.clone()).await.unwrap();
    assert_eq!(log.now(), last);
    clock.step(-7_200);
    clock.advance(Duration::from_secs(1));
    assert_eq!(log.now(), last + Duration::from_secs(1));
}
