//! A client that follows an order and keeps losing its connection.

use std::time::Duration;

use domain::OrderId;
use futures::StreamExt;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

use crate::checker::FollowRecord;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Follows an order to its end over connections of one to five seconds, each to any API and
/// resuming after the last event that was seen.
pub(super) async fn follow(
    apis: &[u16],
    order_id: OrderId,
    rng: &mut ChaCha8Rng,
    give_up: &CancellationToken,
) -> FollowRecord {
    let mut record = FollowRecord { order_id, events: Vec::new(), connections: 0, has_ended: false };
    while !record.has_ended && !give_up.is_cancelled() {
        let after = record.events.last().map_or(0, |event| event["seq"].as_u64().unwrap_or(0));
        let port = apis[rng.random_range(0..apis.len())];
        let url = format!("ws://127.0.0.1:{port}/api/orders/execute?orderId={order_id}&after={after}");
        record.connections += 1;
        if let Ok(Ok((socket, _))) = timeout(CONNECT_WITHIN, connect_async(url)).await {
            let until = Instant::now() + Duration::from_millis(rng.random_range(1_000..5_000));
            let _ = give_up.run_until_cancelled(listen(socket, until, &mut record)).await;
        }
        if !record.has_ended {
            sleep(Duration::from_millis(rng.random_range(0..300))).await;
        }
    }
    record
}

/// Listens until the order or the connection ends, or it is time to go without a word.
async fn listen(
    mut socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    until: Instant,
    record: &mut FollowRecord,
) {
    while let Ok(Some(Ok(message))) = timeout_at(until, socket.next()).await {
        let Ok(text) = message.into_text() else { continue };
        let Ok(Value::Object(mut message)) = serde_json::from_str(&text) else { continue };
        match message.remove("type").as_ref().and_then(Value::as_str) {
            Some("event") => record.events.push(Value::Object(message)),
            Some("end") => {
                record.has_ended = true;
                return;
            }
            _ => {}
        }
    }
}
