use std::{sync::atomic::Ordering, time::Duration};

use serde_json::{Value, json};

use testkit::eventually;

use crate::support::{App, EventSource};

async fn status(app: &App, path: &str) -> (u16, Value) {
    let response = app.get(path).await;
    (response.status().as_u16(), response.json().await.unwrap())
}

/// What the tests trade on.
fn market() -> Value {
    json!({
        "mode": "paper", "preset": "realistic", "seed": "42", "maxSlippageBps": 5000,
        "heldForFees": "0.00005", "accountRent": "0.00203928",
    })
}

#[tokio::test]
async fn all_is_well() {
    let app = App::start().await;
    let expected = json!({"status": "ok", "store": "ok", "queue": "ok", "queueDepth": 0, "workers": 2, "bus": "ok", "feed": "ok", "feedLagMs": 0, "market": market(), "admission": "open", "followed": 0, "streams": 0});
    assert_eq!(status(&app, "/health").await, (200, expected));
    assert_eq!(status(&app, "/health/live").await, (200, json!({"status": "ok"})));
    assert_eq!(status(&app, "/health/ready").await, (200, json!({"status": "ok"})));
}

#[tokio::test]
async fn without_queue_and_bus_it_is_degraded_and_still_ready() {
    let app = App::start().await;
    app.queue.is_down.store(true, Ordering::SeqCst);
    app.bus.disconnect();
    let expected = json!({"status": "degraded", "store": "ok", "queue": "down", "queueDepth": null, "workers": null, "bus": "down", "feed": "ok", "feedLagMs": 0, "market": market(), "admission": "open", "followed": 0, "streams": 0});
    assert_eq!(status(&app, "/health").await, (200, expected));
    assert_eq!(status(&app, "/health/ready").await.0, 200);
}

#[tokio::test]
async fn without_a_worker_it_is_degraded_and_tells_how_many_entries_wait() {
    let app = App::start().await;
    app.queue.has_no_worker.store(true, Ordering::SeqCst);
    app.queue.pushed.lock().unwrap().push(testkit::samples::order_id());
    let (code, body) = status(&app, "/health").await;
    assert_eq!((code, &body["status"], &body["queue"]), (200, &json!("degraded"), &json!("ok")));
    assert_eq!((&body["workers"], &body["queueDepth"]), (&json!(0), &json!(1)));
    assert_eq!(status(&app, "/health/ready").await.0, 200);
}

#[tokio::test]
async fn a_feed_that_is_held_up_shows_in_health_and_heartbeats_until_it_moves_again() {
    let app = App::start_with(|limits| {
        limits.lag_check_every = Duration::from_millis(1);
        limits.max_lag = Duration::from_millis(5);
        limits.heartbeat_every = Duration::from_millis(20);
    })
    .await;
    let feed = async || {
        let body = status(&app, "/health").await.1;
        (body["status"].clone(), body["feed"].clone())
    };
    let mut stream = EventSource::open(app.client.get(app.url("/api/stream"))).await;
    assert_eq!(stream.next("heartbeat").await.unwrap().data["lagMs"], 0);
    app.store.hold_feed(true);
    app.placed().await;
    eventually("it is degraded", async || feed().await == (json!("degraded"), json!("degraded"))).await;
    assert_eq!(status(&app, "/health/ready").await.0, 200, "orders are accepted");
    while stream.next("heartbeat").await.unwrap().data["lagMs"] == 0 {}
    drop(stream); // it is measured whether anybody follows or not
    app.store.hold_feed(false);
    eventually("it has caught up", async || feed().await == (json!("ok"), json!("ok"))).await;
    let mut stream = EventSource::open(app.client.get(app.url("/api/stream"))).await;
    assert_eq!(stream.next("heartbeat").await.unwrap().data["lagMs"], 0);
}

#[tokio::test]
async fn without_the_store_it_is_down_but_alive() {
    let app = App::start().await;
    app.store.set_down(true);
    let (code, body) = status(&app, "/health").await;
    assert_eq!((code, &body["status"], &body["store"]), (503, &json!("down"), &json!("down")));
    assert_eq!(status(&app, "/health/ready").await, (503, json!({"status": "down"})));
    assert_eq!(status(&app, "/health/live").await.0, 200);
}
