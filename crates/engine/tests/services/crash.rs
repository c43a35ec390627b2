//! A worker dies with orders in flight.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures::future::join_all;
use sqlx::{Connection, PgConnection, Row};
use testkit::eventually_some;

use crate::support::Services;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_loses_no_order_and_repeats_none() {
    const ORDERS: usize = 40;
    let services = Services::new().await;
    // Slow enough landings that orders are in flight when the worker dies, and a short lease.
    let slow = [
        ("SIM_PRESET", "ideal"),
        ("SIM_LANDING_MIN_MS", "800"),
        ("SIM_LANDING_MAX_MS", "1200"),
        ("LEASE_MS", "1500"),
    ];
    let (api, other_api) = (services.api(&slow).await, services.api(&slow).await);
    let mut doomed = services.worker(&slow).await;

    let names: Vec<String> = (0..ORDERS).map(|index| format!("order-{index}")).collect();
    let ids = join_all(names.iter().map(|name| api.place(name))).await;
    let followers = join_all(ids.iter().map(|id| other_api.follow(id)));
    let mut database = PgConnection::connect(&services.database_url).await.unwrap();
    let crash = async {
        eventually_some("attempts are in flight", || {
            let url = services.database_url.clone();
            async move {
                let mut database = PgConnection::connect(&url).await.ok()?;
                let row = sqlx::query("SELECT count(*) FROM attempts WHERE state = 'unresolved'")
                    .fetch_one(&mut database)
                    .await
                    .ok()?;
                (row.get::<i64, _>(0) >= 5).then_some(())
            }
        })
        .await;
        doomed.kill();
        services.worker(&slow).await
    };
    let (seen, _survivor) =
        tokio::time::timeout(Duration::from_mins(2), async { tokio::join!(followers, crash) }).await.unwrap();

    for (id, events) in ids.iter().zip(&seen) {
        let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "{id}");
        let statuses: BTreeSet<&str> = events.iter().map(|event| event["status"].as_str().unwrap()).collect();
        assert!(statuses.contains("confirmed") && !statuses.contains("failed"), "{id}: {statuses:?}");
    }
    // The chain's transaction log is the oracle: one landed transaction an order, the confirmed one.
    let landed: Vec<(String,)> =
        sqlx::query_as("SELECT signature FROM simulated_transactions WHERE outcome = 'landed'")
            .fetch_all(&mut database)
            .await
            .unwrap();
    let confirmed: BTreeMap<&str, &str> = seen
        .iter()
        .map(|events| events.last().unwrap())
        .map(|event| (event["data"]["signature"].as_str().unwrap(), event["orderId"].as_str().unwrap()))
        .collect();
    assert_eq!(confirmed.len(), ORDERS);
    assert_eq!(landed.len(), ORDERS);
    assert!(landed.iter().all(|(signature,)| confirmed.contains_key(signature.as_str())));
}
