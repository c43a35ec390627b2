//! Which hosts and which web pages are served.

use api::Access;
use reqwest::{Method, RequestBuilder, StatusCode};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, client::IntoClientRequest, http::HeaderValue},
};

use crate::support::{App, order, problem};

const STRANGER: &str = "https://evil.example";
const PAGE: &str = "https://app.example.com";

fn preflight(app: &App, origin: &str) -> RequestBuilder {
    app.client
        .request(Method::OPTIONS, app.url("/api/orders/execute"))
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,idempotency-key")
}

/// The status of an attempt to open a WebSocket from a page.
async fn socket_from(app: &App, origin: &str) -> u16 {
    let mut request = format!("ws://{}/api/orders/execute", app.address).into_client_request().unwrap();
    request.headers_mut().insert("origin", HeaderValue::from_str(origin).unwrap());
    match Box::pin(connect_async(request)).await {
        Ok((_, response)) => response.status().as_u16(),
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn no_page_of_a_stranger_can_trade_or_read() {
    let app = App::start().await;
    let refused = preflight(&app, STRANGER).send().await.unwrap();
    assert!(refused.headers().get("access-control-allow-origin").is_none());
    problem(refused, 403, "origin_not_allowed").await;
    for origin in [STRANGER, "null"] {
        let placed = app.post("/api/orders/execute").header("origin", origin).json(&order()).send();
        problem(placed.await.unwrap(), 403, "origin_not_allowed").await;
        for address in ["/api/orders", "/api/stream", "/health", "/metrics", "/"] {
            let read = app.client.get(app.url(address)).header("origin", origin).send().await.unwrap();
            problem(read, 403, "origin_not_allowed").await;
        }
        assert_eq!(socket_from(&app, origin).await, 403);
    }
    assert_eq!(app.read("/api/orders").await, serde_json::json!([]), "nothing was placed");
}

#[tokio::test]
async fn a_name_that_was_rebound_to_this_machine_is_not_served() {
    let app = App::start().await;
    let rebound = format!("evil.example:{}", app.address.rsplit(':').next().unwrap());
    let origin = format!("http://{rebound}"); // the page is of the same origin
    let placed = app.post("/api/orders/execute").header("host", &rebound).header("origin", origin);
    problem(placed.json(&order()).send().await.unwrap(), 403, "host_not_allowed").await;
    let read = app.client.get(app.url("/api/orders")).header("host", &rebound).send().await.unwrap();
    problem(read, 403, "host_not_allowed").await;
    let probe = app.client.get(app.url("/health/ready")).header("host", &rebound).send().await.unwrap();
    assert_eq!(probe.status(), StatusCode::OK);
}

#[tokio::test]
async fn its_own_pages_and_programs_are_served() {
    let app = App::start().await;
    let own = app.url("");
    let placed = app.post("/api/orders/execute").header("origin", &own).json(&order()).send().await.unwrap();
    assert_eq!(placed.status(), StatusCode::CREATED);
    assert!(placed.headers().get("access-control-allow-origin").is_none(), "no page else may read it");
    assert_eq!(socket_from(&app, &own).await, 101);
    assert_eq!(app.execute(&order()).await.status(), StatusCode::CREATED, "a program sends no Origin");
}

#[tokio::test]
async fn configured_pages_get_everything_they_need() {
    let access = Access { origins: vec![PAGE.into()], ..Access::default() };
    let app = App::start_for(access, |_| {}).await;
    let headers = preflight(&app, PAGE).send().await.unwrap().headers().clone();
    assert_eq!(headers["access-control-allow-origin"], PAGE);
    assert!(headers["vary"].to_str().unwrap().contains("origin"));
    let allowed = headers["access-control-allow-headers"].to_str().unwrap();
    for name in
        ["content-type", "idempotency-key", "last-event-id", "cache-control", "traceparent", "authorization"]
    {
        assert!(allowed.contains(name), "{name} is missing in {allowed}");
    }
    let placed = app.post("/api/orders/execute").header("origin", PAGE).json(&order()).send().await.unwrap();
    assert_eq!(placed.status(), StatusCode::CREATED);
    assert_eq!(placed.headers()["access-control-allow-origin"], PAGE);
    let exposed = placed.headers()["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("location") && exposed.contains("idempotency-replayed"), "{exposed}");
    let refused = app.post("/api/orders/execute").header("origin", PAGE).body("{}").send().await.unwrap();
    assert_eq!(refused.headers()["access-control-allow-origin"], PAGE, "it may read why");
    assert_eq!(socket_from(&app, PAGE).await, 101);
    problem(preflight(&app, STRANGER).send().await.unwrap(), 403, "origin_not_allowed").await;
}
