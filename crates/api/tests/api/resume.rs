//! Letting a parked order go on.

use std::time::Duration;

use domain::ports::{Executions, PARKED_AFTER};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{App, problem};

#[tokio::test]
async fn a_parked_order_is_resumed_and_no_other() {
    let app = App::start().await;
    let id = app.placed().await;
    let resume = async |id| app.post(&format!("/api/orders/{id}/resume")).send().await.unwrap();
    problem(resume(id.to_string()).await, 409, "not_parked").await;
    for _ in 0..PARKED_AFTER {
        let claim = app.store.claim(id, "worker", Duration::ZERO).await.unwrap();
        assert!(claim.is_some(), "the lease of the claim before is over at once");
    }
    let held = app.store.claim(id, "worker", Duration::from_mins(1)).await.unwrap().unwrap();
    assert!(held.is_parked());
    let json = async |path: String| app.get(&path).await.json::<Value>().await.unwrap();
    assert_eq!(json("/api/orders?parked=true".into()).await[0]["id"], id.to_string());
    assert_eq!(json("/api/orders?parked=true&status=confirmed".into()).await, json!([]));
    let explained = json(format!("/api/orders/{id}/explain")).await;
    assert_eq!(explained["parkedAfterLostClaims"], PARKED_AFTER);
    let resumed = resume(id.to_string()).await;
    assert_eq!(resumed.status(), StatusCode::OK);
    assert_eq!(json("/api/orders?parked=true".into()).await, json!([]));
    assert!(json(format!("/api/orders/{id}/explain")).await.get("parkedAfterLostClaims").is_none());
    assert_eq!(resumed.json::<Value>().await.unwrap()["id"], id.to_string());
    let claim = app.store.claim(id, "worker", Duration::from_mins(1)).await.unwrap().unwrap();
    assert_eq!(claim.lost_claims, 0);
    problem(resume(id.to_string()).await, 409, "not_parked").await;
    problem(resume(testkit::samples::order_id().to_string()).await, 404, "order_not_found").await;
    problem(resume("nonsense".to_owned()).await, 400, "invalid_order_id").await;
}
