//! The contract of the order store, over every adapter.

use std::{path::Path, sync::Arc, time::Duration};

use clap::Parser;
use domain::{
    EventData, OrderId,
    ports::{
        Acceptance, Accepted, Cancel, ClaimAction, Commit, CommitOutcome, DueAction, DueOrder, OrderStore,
    },
};
use futures::future::join_all;
use infra::{clock::SystemClock, config::BackendConfig, store};
use sqlx::Connection;
use testkit::{ManualClock, MemoryStore, eventually, postgres::fresh_database, samples, store_contract};
use tokio::sync::Mutex;

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    backend: BackendConfig,
}

fn settings(folder: &Path) -> BackendConfig {
    BackendConfig {
        database_url: None,
        data_dir: folder.to_owned(),
        ..Settings::try_parse_from(["test"]).expect("defaults are valid").backend
    }
}

async fn connect(settings: &BackendConfig) -> Arc<dyn OrderStore> {
    store::connect(settings, Arc::new(SystemClock)).await.expect("a store")
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_the_contract() {
    store_contract::check(Arc::new(MemoryStore::new(Arc::new(SystemClock)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    store_contract::check(connect(&settings(folder.path())).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_the_contract() {
    let mut settings = settings(Path::new("unused"));
    settings.database_url = Some(fresh_database().await);
    store_contract::check(connect(&settings).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_lives_of_orders_end_alike_in_every_store() {
    let folder = tempfile::tempdir().unwrap();
    let mut over_postgres = settings(Path::new("unused"));
    over_postgres.database_url = Some(fresh_database().await);
    let stores = [connect(&settings(folder.path())).await, connect(&over_postgres).await];
    for seed in 1..=3 {
        for store in &stores {
            let model = MemoryStore::new(Arc::new(SystemClock));
            store_contract::check_histories_against(&model, store.as_ref(), seed).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_may_migrate_postgres_at_once() {
    let mut settings = settings(Path::new("unused"));
    settings.database_url = Some(fresh_database().await);
    let (one, other) = tokio::join!(connect(&settings), connect(&settings));
    one.ping().await.unwrap();
    other.ping().await.unwrap();
}

/// Most sweeps begin at what became due lately; this order comes to lie before that, as one does whose
/// worker dies at the end of a long lease.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_finds_an_order_that_has_long_been_due() {
    let url = fresh_database().await;
    let mut settings = settings(Path::new("unused"));
    settings.database_url = Some(url.clone());
    let store = connect(&settings).await;
    let late = Duration::from_hours(1);
    let acceptance = samples::acceptance();
    let id = acceptance.order.id;
    store.accept(Acceptance { due_after: Some(late), ..acceptance }).await.unwrap();
    assert!(store.lease_due(10, late).await.unwrap().is_empty(), "nothing is due, also at the beginning");

    let mut database = sqlx::PgConnection::connect(&url).await.unwrap();
    sqlx::query("UPDATE orders SET wake_at = wake_at - interval '2 hours'")
        .execute(&mut database)
        .await
        .unwrap();
    eventually("it is due", || async { store.lease_due(10, late).await.unwrap() == [due(id)] }).await;
    assert!(store.lease_due(10, late).await.unwrap().is_empty(), "it was just taken");
}

/// A plan is made once per connection, without statistics. One that went by an index of all active orders
/// would cost more with every order in flight.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_finds_claimed_orders_by_id_alone() {
    const ORDERS: i64 = 200;
    let url = fresh_database().await;
    let mut settings = settings(Path::new("unused"));
    settings.database_url = Some(url.clone());
    let store = connect(&settings).await;
    let lease = Duration::from_mins(1);
    join_all((0..ORDERS).map(async |_| {
        let acceptance = samples::acceptance();
        let (account, id) = (acceptance.order.account, acceptance.order.id);
        store.accept(acceptance).await.unwrap();
        let claim = store.claim(id, "first", lease).await.unwrap().expect("a claim");
        store.renew(claim.fence, lease).await.unwrap();
        store.release(claim.fence, Duration::ZERO).await.unwrap();
        store.claim(id, "second", lease).await.unwrap().expect("a claim");
        store
            .cancel(Cancel {
                id,
                account,
                at: samples::acceptance().order.created_at,
                by: "owner".into(),
                lease,
            })
            .await
            .unwrap();
    }))
    .await;

    let mut database = sqlx::PgConnection::connect(&url).await.unwrap();
    let database = Mutex::new(&mut database);
    let scans_of = async |indexes: &'static str| -> i64 {
        let sql = format!(
            "SELECT sum(idx_scan)::bigint FROM pg_stat_user_indexes WHERE relname = 'orders' AND {indexes}"
        );
        let mut database = database.lock().await;
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut **database).await.unwrap()
    };
    eventually("the server counted the writes", || async {
        scans_of("indexrelname = 'orders_pkey'").await >= 5 * ORDERS
    })
    .await;
    assert_eq!(scans_of("indexrelname <> 'orders_pkey'").await, 0);
}

/// New orders and repeats go in one statement, and only then the repeats are looked at.
#[tokio::test(flavor = "multi_thread")]
async fn repeats_of_orders_that_cannot_be_read_cost_their_neighbours_nothing() {
    let mut settings = settings(Path::new("unused"));
    let url = fresh_database().await;
    settings.database_url = Some(url.clone());
    let store = connect(&settings).await;
    let under_key = |key: u32| Acceptance { idempotency_key: Some(key.to_string()), ..samples::acceptance() };
    for key in 0..50 {
        store.accept(under_key(key)).await.unwrap();
    }
    let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
    sqlx::query("UPDATE orders SET spec = '{}'").execute(&mut connection).await.unwrap();

    let new: Vec<_> = (0..50).map(|_| samples::acceptance()).collect();
    let (accepted, repeated) = tokio::join!(
        join_all(new.iter().map(|new| store.accept(new.clone()))),
        join_all((0..50).map(|key| store.accept(under_key(key)))),
    );
    assert!(repeated.iter().all(Result::is_err), "{repeated:?}");
    for (new, accepted) in new.iter().zip(accepted) {
        assert!(matches!(accepted, Ok(Accepted::Created)), "{accepted:?}");
        assert_eq!(store.order(new.order.account, new.order.id).await.unwrap().as_ref(), Some(&new.order));
    }
}

/// A group of commits is one statement, and only then it is asked why some did not pass.
#[tokio::test(flavor = "multi_thread")]
async fn commits_that_passed_are_answered_so_although_the_others_cannot_be_explained() {
    let mut settings = settings(Path::new("unused"));
    let url = fresh_database().await;
    settings.database_url = Some(url.clone());
    let store = connect(&settings).await;
    let lease = Duration::from_mins(1);
    let retry = async |is_canceled: bool| {
        let acceptance = samples::acceptance();
        let (account, id, at) = (acceptance.order.account, acceptance.order.id, acceptance.order.created_at);
        store.accept(acceptance).await.unwrap();
        let mut claim = store.claim(id, "worker", lease).await.unwrap().expect("a claim");
        if is_canceled {
            store.cancel(Cancel { id, account, at, by: "owner".into(), lease }).await.unwrap();
        }
        let failed = EventData::Retrying { failure: samples::failure(), next_attempt_at: at };
        let steps = [EventData::RoutingStarted, failed];
        let events = steps.map(|data| claim.order.apply(data, at).unwrap()).to_vec();
        Commit {
            fence: claim.fence,
            order: claim.order,
            events,
            change: None,
            then: ClaimAction::RetryAfter(lease),
            effects: Vec::new(),
        }
    };
    let (passing, refused) =
        tokio::join!(join_all((0..50).map(|_| retry(false))), join_all((0..50).map(|_| retry(true))));
    let mut database = sqlx::PgConnection::connect(&url).await.unwrap();
    sqlx::query("ALTER TABLE orders RENAME COLUMN cancel_requested_after TO hidden")
        .execute(&mut database)
        .await
        .unwrap();
    let (passed, unexplained) = tokio::join!(
        join_all(passing.into_iter().map(|commit| store.commit(commit))),
        join_all(refused.into_iter().map(|commit| store.commit(commit))),
    );
    for outcome in passed {
        assert!(matches!(outcome, Ok(CommitOutcome::Committed)), "{outcome:?}");
    }
    for outcome in unexplained {
        assert!(outcome.is_err(), "{outcome:?}");
    }
}

fn due(id: OrderId) -> DueOrder {
    DueOrder { id, action: DueAction::Execute }
}

#[tokio::test]
async fn an_sqlite_store_keeps_its_orders_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let acceptance = testkit::samples::acceptance();
    let order = acceptance.order.clone();
    connect(&settings(folder.path())).await.accept(acceptance).await.unwrap();
    let reopened = connect(&settings(folder.path())).await;
    assert_eq!(reopened.order(order.account, order.id).await.unwrap(), Some(order));
}

#[tokio::test]
async fn a_server_that_is_away_is_said_without_its_password() {
    let mut settings = settings(Path::new("unused"));
    settings.database_url = Some("postgres://me:secret@127.0.0.1:1/orders".to_owned());
    settings.startup_timeout_ms = 0;
    let Err(error) = store::connect(&settings, Arc::new(SystemClock)).await else { panic!("connected") };
    let message = format!("{error:#}");
    assert!(message.contains("127.0.0.1:1") && !message.contains("secret"), "{message}");
}

#[tokio::test]
async fn waits_last_as_long_as_intended_when_the_wall_clock_steps() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    store_contract::check_clock(&MemoryStore::new(clock.clone()), &clock).await;
    let sqlite = store::connect(&settings(folder.path()), clock.clone()).await.unwrap();
    store_contract::check_clock(sqlite.as_ref(), &clock).await;
}

#[tokio::test]
async fn an_sqlite_store_opened_with_an_earlier_clock_makes_nothing_wait_longer() {
    let folder = tempfile::tempdir().unwrap();
    let lease = Duration::from_secs(10);
    let before = ManualClock::default();
    before.advance(Duration::from_hours(1));
    let store = store::connect(&settings(folder.path()), Arc::new(before)).await.unwrap();
    let acceptance = samples::acceptance();
    let id = acceptance.order.id;
    store.accept(acceptance).await.unwrap();
    store.claim(id, "killed", lease).await.unwrap().expect("a claim");
    drop(store);

    let after = Arc::new(ManualClock::default());
    let store = store::connect(&settings(folder.path()), after.clone()).await.unwrap();
    assert!(store.claim(id, "early", lease).await.unwrap().is_none(), "the lease still holds");
    after.advance(lease);
    assert_eq!(store.lease_due(10, lease).await.unwrap(), [due(id)]);
    assert!(store.claim(id, "heir", lease).await.unwrap().is_some());
}

/// As after a failover to a server whose clock is an hour behind: every time in the rows is an hour later
/// than the clock that set it would show.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_of_postgres_that_is_set_back_makes_nothing_wait_for_the_step() {
    let url = fresh_database().await;
    let mut settings = settings(Path::new("unused"));
    settings.database_url = Some(url.clone());
    let store = connect(&settings).await;
    let lease = Duration::from_secs(2);
    let claim = async || {
        let acceptance = samples::acceptance();
        let id = acceptance.order.id;
        store.accept(acceptance).await.unwrap();
        store.claim(id, "worker", lease).await.unwrap().expect("a claim")
    };
    let (of_a_dead_worker, of_a_live_one) = (claim().await, claim().await);
    let mut database = sqlx::PgConnection::connect(&url).await.unwrap();
    sqlx::query(
        "UPDATE orders SET wake_at = wake_at + interval '1 hour', lease_until = lease_until + interval '1 hour',
             timed_at = timed_at + interval '1 hour'",
    )
    .execute(&mut database)
    .await
    .unwrap();
    assert!(store.lease_due(10, lease).await.unwrap().is_empty(), "leases begin again, they are not void");
    assert!(store.renew(of_a_live_one.fence, Duration::from_mins(1)).await.unwrap());
    let id = of_a_dead_worker.order.id;
    eventually("it is due", || async { store.lease_due(10, lease).await.unwrap() == [due(id)] }).await;
    assert!(store.claim(id, "heir", lease).await.unwrap().is_some());
    assert!(store.claim(of_a_live_one.order.id, "heir", lease).await.unwrap().is_none());
}
