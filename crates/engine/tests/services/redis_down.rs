//! The queue and the bus go away and come back.

use std::time::Duration;

use testkit::eventually;

use crate::support::Services;

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_orders_are_still_accepted_and_execute_once_it_is_back() {
    let mut services = Services::new().await;
    let quick = [("SIM_PRESET", "instant")];
    let api = services.api(&quick).await;
    let _worker = services.worker(&quick).await;
    services.redis.stop();
    let id = api.place("while Redis is down").await;
    eventually("/health says so, and the API stays ready", || async {
        api.health().await["status"] == "degraded" && api.is_ready().await
    })
    .await;
    services.redis.start_again().await;
    let events = tokio::time::timeout(Duration::from_mins(2), api.follow(&id)).await.unwrap();
    assert_eq!(events.last().unwrap()["status"], "confirmed");
}
