//! Connection slots and the deadlines of connections.

use std::time::Duration;

use testkit::eventually;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::App;

const SOON: Duration = Duration::from_millis(50);

fn get(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{more}\r\n")
}

async fn connect(app: &App) -> TcpStream {
    TcpStream::connect(&app.address).await.unwrap()
}

/// Asks on a connection that stays open.
async fn ask(stream: &mut TcpStream, path: &str) -> String {
    stream.write_all(get(path, "").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed");
    }
    String::from_utf8(answer).unwrap()
}

/// Asks on a connection of its own.
async fn ask_once(app: &App, path: &str) -> String {
    let mut stream = connect(app).await;
    stream.write_all(get(path, "connection: close\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

async fn is_closed(stream: &mut TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new()).await; // never ends if it stays open
}

#[tokio::test]
async fn a_connection_may_be_idle_for_longer_than_a_head_may_take() {
    let app = App::start_with(|limits| limits.headers_within = SOON).await;
    let mut idle = connect(&app).await;
    assert!(ask(&mut idle, "/health/live").await.starts_with("HTTP/1.1 200"));
    let mut slow = connect(&app).await;
    slow.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    is_closed(&mut slow).await; // so the time of a head has passed on the other one as well
    assert!(ask(&mut idle, "/health/live").await.starts_with("HTTP/1.1 200"));
    idle.write_all(b"G").await.unwrap(); // from here on it is a head
    is_closed(&mut idle).await;
}

#[tokio::test]
async fn a_connection_that_stays_idle_is_closed() {
    let app = App::start_with(|limits| limits.keep_alive = SOON).await;
    let mut idle = connect(&app).await;
    assert!(ask(&mut idle, "/health/live").await.starts_with("HTTP/1.1 200"));
    is_closed(&mut idle).await;
}

#[tokio::test]
async fn a_full_house_answers_503_and_its_health() {
    let app = App::start_with(|limits| limits.max_connections = 1).await;
    let mut held = connect(&app).await;
    ask(&mut held, "/health/live").await;
    for path in ["/health/live", "/health/ready", "/health"] {
        assert!(ask_once(&app, path).await.starts_with("HTTP/1.1 200"), "{path}");
    }
    let refused = ask_once(&app, "/api/orders").await;
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(refused.contains("connection: close") && refused.contains("too_many_connections"), "{refused}");
    drop(held);
    let is_served = async || ask_once(&app, "/api/orders").await.starts_with("HTTP/1.1 200");
    eventually("a free slot", is_served).await;
}

#[tokio::test]
async fn a_websocket_holds_its_slot() {
    let app = App::start_with(|limits| limits.max_connections = 1).await;
    let socket = app.socket("/api/stream").await;
    assert!(ask_once(&app, "/api/orders").await.starts_with("HTTP/1.1 503"));
    drop(socket);
    let is_served = async || ask_once(&app, "/api/orders").await.starts_with("HTTP/1.1 200");
    eventually("a free slot", is_served).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answers_loses_its_slot() {
    let app = App::start_with(|limits| {
        limits.max_connections = 1;
        limits.send_within = SOON;
    })
    .await;
    let mut deaf = connect(&app).await;
    let requests = get("/api/openapi.json", "").repeat(1_000);
    // the answers fill all buffers, so that the server stops reading; written until it closes the connection
    let written =
        timeout(Duration::from_mins(1), async { while deaf.write_all(requests.as_bytes()).await.is_ok() {} });
    written.await.expect("the connection is cut");
    let is_served = async || ask_once(&app, "/api/orders").await.starts_with("HTTP/1.1 200");
    eventually("a free slot", is_served).await;
}

/// The close code after a masked frame with this first byte and these two bytes of text.
async fn close_code_after(app: &App, first_byte: u8, text: [u8; 2]) -> u16 {
    let mut stream = connect(app).await;
    let upgrade = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
                   sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    stream.write_all(get("/api/stream", upgrade).as_bytes()).await.unwrap();
    stream.write_all(&[first_byte, 0x82, 0, 0, 0, 0, text[0], text[1]]).await.unwrap();
    let mut answer = Vec::new();
    loop {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed without a code");
        let frame = answer.windows(4).find(|window| window[0] == 0x88 && window[1] > 2);
        if let Some(frame) = frame {
            return u16::from_be_bytes([frame[2], frame[3]]);
        }
    }
}

#[tokio::test]
async fn a_broken_websocket_is_told_why_it_ends() {
    let app = App::start().await;
    assert_eq!(close_code_after(&app, 0x83, *b"hi").await, 1002); // a reserved opcode
    assert_eq!(close_code_after(&app, 0x81, [0xc3, 0x28]).await, 1007);
}
