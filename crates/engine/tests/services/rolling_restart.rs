//! Every process is restarted in turn while orders come in.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{Connection, PgConnection};
use tokio::{task::JoinHandle, time::sleep};

use crate::support::{Process, Services, ask};

/// Asks for orders one after the other, each until it is taken. Returns how many.
fn load(name: &'static str, ports: [u16; 2], is_over: Arc<AtomicBool>) -> JoinHandle<usize> {
    tokio::spawn(async move {
        let http = testkit::tls::http_client();
        let mut taken = 0;
        while !is_over.load(Ordering::SeqCst) {
            let order = format!("{name}-{taken}");
            for attempt in 0.. {
                match ask(&http, ports[attempt % 2], &order).await {
                    Ok(answer) if answer.status().is_success() => break,
                    Ok(answer) => assert_eq!(answer.status(), 503, "only what a retry cures"),
                    Err(_) => {} // the connection was refused or closed
                }
                sleep(Duration::from_millis(20)).await;
            }
            taken += 1;
            sleep(Duration::from_millis(20)).await;
        }
        taken
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_loses_repeats_and_holds_up_nothing() {
    let services = Services::new().await;
    // a lease so long that an order which had to wait for its end would never be done in time
    let settings = [
        ("SIM_PRESET", "ideal"),
        ("SIM_LANDING_MIN_MS", "300"),
        ("SIM_LANDING_MAX_MS", "900"),
        ("LEASE_MS", "600000"),
    ];
    let mut apis = vec![services.api(&settings).await, services.api(&settings).await];
    let mut workers = vec![services.worker(&settings).await, services.worker(&settings).await];
    let ports = [apis[0].port, apis[1].port];
    let is_over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = ["a", "b", "c", "d"].map(|name| load(name, ports, is_over.clone())).into();

    for round in 0..2 {
        for processes in [&mut apis, &mut workers] {
            let process: &mut Process = &mut processes[round];
            sleep(Duration::from_millis(500)).await; // some orders are under way
            assert!(process.terminate(), "it ends with status 0");
            *process = services.start_again(process, &settings).await;
        }
    }
    is_over.store(true, Ordering::SeqCst);
    let mut asked = 0;
    for client in clients {
        asked += i64::try_from(client.await.unwrap()).unwrap();
    }

    let mut database = PgConnection::connect(&services.database_url).await.unwrap();
    let all_confirmed = async {
        loop {
            let (orders, confirmed): (i64, i64) =
                sqlx::query_as("SELECT count(*), count(*) FILTER (WHERE status = 'confirmed') FROM orders")
                    .fetch_one(&mut database)
                    .await
                    .unwrap();
            assert_eq!(orders, asked);
            if confirmed == orders {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    // far less than the lease: whatever a worker held it gave back
    tokio::time::timeout(Duration::from_mins(1), all_confirmed).await.expect("nothing waits for a lease");
    let landed: i64 =
        sqlx::query_scalar("SELECT count(*) FROM simulated_transactions WHERE outcome = 'landed'")
            .fetch_one(&mut database)
            .await
            .unwrap();
    assert_eq!(landed, asked, "each landed once");
}
