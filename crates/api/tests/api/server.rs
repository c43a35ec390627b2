use api::Access;
use std::{sync::atomic::Ordering, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{App, order, problem};

#[tokio::test]
async fn every_reply_has_a_request_id_and_keeps_the_clients() {
    let app = App::start().await;
    let one = app.get("/health/live").await.headers()["x-request-id"].clone();
    let other = app.get("/nothing").await.headers()["x-request-id"].clone();
    assert_ne!(one, other);
    let own = app.client.get(app.url("/health")).header("x-request-id", "mine").send().await.unwrap();
    assert_eq!(own.headers()["x-request-id"], "mine");
}

#[tokio::test]
async fn a_panic_is_a_problem_and_the_next_request_is_served() {
    let app = App::start().await;
    app.venues.panics.store(true, Ordering::SeqCst);
    let quotes = || app.post("/api/quotes").json(&order()).send();
    problem(quotes().await.unwrap(), 500, "internal_error").await;
    app.venues.panics.store(false, Ordering::SeqCst);
    assert_eq!(quotes().await.unwrap().status(), 200);
}

#[tokio::test]
async fn headers_that_never_end_are_cut() {
    let app = App::start_with(|limits| limits.headers_within = Duration::from_millis(20)).await;
    for beginning in ["", "G", "GET /health HTTP/1.1\r\nhost: x\r\n"] {
        let mut stream = TcpStream::connect(&app.address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        // ends at once when the server closes, and never if it does not
        let _ = stream.read_to_end(&mut reply).await;
    }
}

/// What a proxy in front might read otherwise than the engine does.
#[tokio::test]
async fn a_head_that_is_ambiguous_or_too_large_is_refused() {
    let app = App::start().await;
    let order = r#"{"tokenIn":"SOL","tokenOut":"USDC","amountIn":"1"}"#;
    let chunks = format!("{:x}\r\n{order}\r\n0\r\n\r\n", order.len());
    let status = async |head: &str| {
        let mut stream = TcpStream::connect(&app.address).await.unwrap();
        stream.write_all(format!("{head}connection: close\r\n\r\n{chunks}").as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply).await; // a reset after the answer is fine
        let reply = String::from_utf8_lossy(&reply).into_owned();
        reply.split(' ').nth(1).unwrap_or("none").to_owned()
    };
    let get = "GET /health HTTP/1.1\r\n";
    assert_eq!(status(&format!("{get}host: localhost\r\n")).await, "200");
    assert_eq!(status(get).await, "400", "no host");
    assert_eq!(status(&format!("{get}host: localhost\r\nhost: localhost\r\n")).await, "400", "two hosts");
    let large = "x".repeat(40_000);
    assert_eq!(status(&format!("{get}host: localhost\r\nx: {large}\r\n")).await, "431");
    let post = "POST /api/orders/execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let two_lengths = "content-length: 1\r\ncontent-length: 2\r\n";
    assert_eq!(status(&format!("{post}{two_lengths}")).await, "400");
    // the chunks count, as RFC 9112 (6.3) says, whichever comes first
    for both in [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
    ] {
        assert_eq!(status(&format!("{post}{both}")).await, "201", "{both}");
    }
    assert_eq!(status(&format!("{post}content-length: 5\r\n")).await, "400", "five bytes of it are no order");
    assert_eq!(status(&format!("{post}transfer-encoding: gzip\r\n")).await, "400");
}

#[tokio::test]
async fn a_body_that_never_ends_is_cut() {
    let app = App::start_with(|limits| limits.body_within = Duration::from_millis(20)).await;
    let mut stream = TcpStream::connect(&app.address).await.unwrap();
    let head = "POST /api/orders/execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 100\r\nconnection: close\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 408 "), "{reply}");
    assert!(reply.contains("body_timeout"), "{reply}");
}

#[tokio::test]
async fn the_host_of_a_request_is_in_its_reply_only_if_it_is_one() {
    let anywhere = Access { any_host: true, ..Access::default() };
    let app = App::start_for(anywhere, |_| {}).await;
    let status_url = async |host: &'static str| {
        let request = app.post("/api/orders/execute").header("host", host).json(&order());
        let body: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
        body["statusUrl"].as_str().unwrap().rsplit_once('/').unwrap().0.to_owned()
    };
    assert_eq!(status_url("api.example.com").await, "http://api.example.com/api/orders");
    for none in ["a/b?c", "user:password@evil.example"] {
        assert_eq!(status_url(none).await, "/api/orders");
    }
}

#[tokio::test]
async fn a_stop_ends_idle_connections_and_frees_the_port() {
    let app = App::start().await;
    assert_eq!(app.get("/health/live").await.status(), 200); // the client keeps this connection
    app.stop.cancel();
    app.served.await.unwrap().unwrap();
    assert!(TcpStream::connect(&app.address).await.is_err());
}
