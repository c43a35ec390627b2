//! Too many open orders, a store that hangs, clients that go away.

use std::time::Duration;

use domain::{
    AccountId, OrderStatus,
    ports::{OrderFilter, OrderReads},
};
use serde_json::{Value, json};
use testkit::eventually;

use crate::support::{App, Socket, order, problem};

async fn stored(app: &App) -> Vec<domain::Order> {
    let everything = OrderFilter::newest(1_000);
    app.store.orders(AccountId::DEFAULT, everything).await.unwrap().orders
}

/// An API that takes ten open orders, and has them.
async fn full() -> App {
    let app = App::start_with(|limits| limits.max_in_flight = 10).await;
    for _ in 0..10 {
        app.placed().await;
    }
    app
}

#[tokio::test]
async fn above_the_mark_orders_are_refused_before_anything_is_kept() {
    let app = full().await;
    problem(app.execute(&order()).await, 503, "overloaded").await;
    let mut socket: Socket = app.socket("/api/orders/execute").await;
    socket.next().await;
    socket.send(order()).await;
    let (messages, code) = socket.rest().await;
    assert_eq!((messages[0]["code"].as_str(), code), (Some("overloaded"), 4503));
    assert_eq!(stored(&app).await.len(), 10);
    let health: Value = app.get("/health").await.json().await.unwrap();
    assert_eq!((&health["status"], &health["admission"]), (&json!("degraded"), &json!("closed")));
    assert_eq!(app.get("/health/ready").await.status(), 200, "another API would be no emptier");
}

#[tokio::test]
async fn it_opens_again_once_enough_orders_are_done() {
    let app = full().await;
    let open: Vec<_> = stored(&app).await.into_iter().map(|order| order.id).collect();
    for id in &open[..4] {
        app.execution(*id).await.run().await;
    }
    eventually("orders are let in again", || async { app.execute(&order()).await.status() == 201 }).await;
    assert_eq!(app.get("/health").await.json::<Value>().await.unwrap()["admission"], "open");
}

#[tokio::test]
async fn what_a_client_was_refused_before_it_reached_the_store_is_never_written() {
    let app = App::start_with(|limits| limits.store_within = Duration::from_millis(50)).await;
    app.store.hang(true);
    let ask =
        |key: &str| app.post("/api/orders/execute").header("idempotency-key", key).json(&order()).send();
    for key in ["a", "b", "c"] {
        problem(ask(key).await.unwrap(), 503, "store_unavailable").await;
    }
    app.store.hang(false);
    assert_eq!(ask("b").await.unwrap().status(), 201, "the key finds nothing");
    assert_eq!(stored(&app).await.len(), 1, "nothing was left behind");
}

#[tokio::test]
async fn no_more_orders_than_allowed_are_on_their_way_into_the_store() {
    let app = App::start_with(|limits| limits.max_accepts = 1).await;
    app.store.hang(true);
    let first = tokio::spawn(app.post("/api/orders/execute").json(&order()).send());
    eventually("the second one is turned away", || async {
        let asked = app.post("/api/orders/execute").json(&order()).timeout(Duration::from_millis(100));
        asked.send().await.is_ok_and(|answer| answer.status() == 503)
    })
    .await;
    app.store.hang(false);
    assert_eq!(first.await.unwrap().unwrap().status(), 201);
}

#[tokio::test]
async fn a_client_that_goes_away_while_its_order_is_stored_leaves_a_whole_order() {
    let app = App::start().await;
    app.store.hang(true);
    let ask = || app.post("/api/orders/execute").header("idempotency-key", "k").json(&order());
    let gone = ask().timeout(Duration::from_millis(100)).send().await;
    assert!(gone.is_err_and(|error| error.is_timeout()));
    app.store.hang(false);
    eventually("the order is stored", || async { stored(&app).await.len() == 1 }).await;
    eventually("and pushed", || async { app.queue.pushed.lock().unwrap().len() == 1 }).await;
    let again = ask().send().await.unwrap();
    assert_eq!(again.status(), 200);
    let order = &stored(&app).await[0];
    assert_eq!(order.status, OrderStatus::Pending);
    assert_eq!(again.json::<Value>().await.unwrap()["orderId"], order.id.to_string());
}
