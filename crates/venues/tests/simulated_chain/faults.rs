//! The chain's transaction log when its database misbehaves.

use std::sync::Arc;

use domain::ports::Chain;
use sqlx::{Connection, PgConnection};
use testkit::{ManualClock, PostgresServer, SilencingProxy, eventually};
use venues::{LogLocation, simulated::transaction_log};

use crate::support::{INSTANT, chain_over, sign, swap};

/// A flow that a middlebox forgot: the connection stays open and nothing comes back any more.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_fall_silent_for_ever_cost_a_deadline_and_no_restart() {
    let server = PostgresServer::start().await;
    let proxy = SilencingProxy::start(server.port()).await;
    let location = LogLocation::Postgres(server.url_through(proxy.port()));
    let log = transaction_log::open(&location, Arc::new(ManualClock::default())).await.unwrap();
    let chain = chain_over(log, INSTANT, 1);
    for _ in 0..2 {
        let signed = sign(&chain, &swap()).await;
        chain.send(&signed).await.unwrap();
        proxy.silence();
        let next = sign(&chain, &swap()).await;
        let status = chain.status(&next);
        let (sent, found) = tokio::join!(chain.send(&next), status);
        assert!(sent.is_err() || found.is_err(), "one of them met the silence");
        eventually("transactions are taken again", || async { chain.send(&next).await.is_ok() }).await;
        let known = async || chain.status(&next).await.is_ok();
        eventually("the chain answers again", known).await;
    }
}

/// After a failover the connections of before still lead to the server that was demoted.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_became_read_only_is_left_as_soon_as_another_one_takes_writes() {
    let server = PostgresServer::start().await;
    let location = LogLocation::Postgres(server.url());
    let log = transaction_log::open(&location, Arc::new(ManualClock::default())).await.unwrap();
    let chain = chain_over(log, INSTANT, 1);
    let send = async || chain.send(&sign(&chain, &swap()).await).await;
    send().await.unwrap();
    // Sessions that are open cannot write any more, new ones of this role can.
    let mut admin = PgConnection::connect(&server.url()).await.unwrap();
    for statement in [
        "ALTER ROLE CURRENT_USER SET default_transaction_read_only = off",
        "ALTER SYSTEM SET default_transaction_read_only = on",
        "SELECT pg_reload_conf()",
    ] {
        sqlx::query(statement).execute(&mut admin).await.unwrap();
    }
    eventually("the old session notices", async || send().await.is_err()).await;
    eventually("transactions are taken again", async || send().await.is_ok()).await;
    for _ in 0..10 {
        send().await.unwrap();
    }
}
