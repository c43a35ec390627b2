//! A client that follows all orders on one connection and keeps losing it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::bail;
use futures::{SinkExt, StreamExt};
use protocol::StreamMessage;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use testkit::sse::SseParser;
use tokio::{
    task::JoinHandle,
    time::{Instant, error::Elapsed, sleep, timeout, timeout_at},
};
use tokio_tungstenite::{connect_async, tungstenite::Message};
use tokio_util::sync::CancellationToken;

use crate::checker::FeedRecord;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// A stream that says nothing for longer than from one heartbeat to the next, 15 s, is gone.
const SILENT_FOR: Duration = Duration::from_secs(20);

/// How a watcher connects.
#[derive(Debug, Clone, Copy)]
enum Protocol {
    WebSocket,
    ServerSentEvents,
}

/// Clients that watch everything, from before the first order to after the last.
pub(super) struct Watchers {
    seen: Vec<Arc<AtomicUsize>>,
    tasks: Vec<JoinHandle<FeedRecord>>,
    stop: CancellationToken,
}

impl Watchers {
    /// Two of each kind, once each of them has a place in the feed to go on from.
    pub(super) async fn start(apis: &[u16], seed: u64) -> Self {
        let stop = CancellationToken::new();
        let mut watchers = Self { seen: Vec::new(), tasks: Vec::new(), stop: stop.clone() };
        let protocols = [
            Protocol::WebSocket,
            Protocol::ServerSentEvents,
            Protocol::WebSocket,
            Protocol::ServerSentEvents,
        ];
        for (number, protocol) in (0..).zip(protocols) {
            let count = Arc::new(AtomicUsize::new(0));
            let mut watcher = Watcher {
                apis: apis.to_vec(),
                protocol,
                rng: ChaCha8Rng::seed_from_u64(seed.wrapping_mul(31).wrapping_add(number)),
                cursor: None,
                count: count.clone(),
                record: FeedRecord { events: Vec::new(), connections: 0, last_error: None },
            };
            while watcher.cursor.is_none() {
                watcher.connect().await;
            }
            let stop = stop.clone();
            watchers.seen.push(count);
            watchers.tasks.push(tokio::spawn(async move {
                let _ = stop.run_until_cancelled(watcher.watch()).await;
                watcher.record
            }));
        }
        watchers
    }

    /// What they saw, once each has seen `count` events or `deadline` is over, and a moment later, in
    /// case there is more than there should be.
    pub(super) async fn finish(self, count: usize, deadline: Instant) -> anyhow::Result<Vec<FeedRecord>> {
        while self.seen.iter().any(|seen| seen.load(Ordering::Relaxed) < count) && Instant::now() < deadline {
            sleep(Duration::from_millis(50)).await;
        }
        sleep(Duration::from_secs(1)).await;
        self.stop.cancel();
        let mut records = Vec::new();
        for task in self.tasks {
            records.push(task.await?);
        }
        Ok(records)
    }
}

struct Watcher {
    apis: Vec<u16>,
    protocol: Protocol,
    rng: ChaCha8Rng,
    cursor: Option<String>,
    count: Arc<AtomicUsize>,
    record: FeedRecord,
}

impl Watcher {
    async fn watch(&mut self) {
        loop {
            self.connect().await;
            sleep(Duration::from_millis(self.rng.random_range(0..300))).await;
        }
    }

    /// Listens on a connection to any API for one to five seconds, now and then for up to a minute, and leaves
    /// without a word.
    async fn connect(&mut self) {
        let port = self.apis[self.rng.random_range(0..self.apis.len())];
        let longest = if self.rng.random_bool(0.1) { 60_000 } else { 5_000 };
        let until = Instant::now() + Duration::from_millis(self.rng.random_range(1_000..longest));
        self.record.connections += 1;
        let listened = match self.protocol {
            Protocol::WebSocket => self.listen_to_socket(port, until).await,
            Protocol::ServerSentEvents => self.listen_to_response(port, until).await,
        };
        let error = listened.err().filter(|error| !error.is::<Elapsed>());
        self.record.last_error = error.map(|error| format!("{error:#}")).or(self.record.last_error.take());
    }

    async fn listen_to_socket(&mut self, port: u16, until: Instant) -> anyhow::Result<()> {
        let url = format!("ws://127.0.0.1:{port}/api/stream");
        let (mut socket, _) = timeout(CONNECT_WITHIN, Box::pin(connect_async(url))).await??;
        let cursor = self.cursor.clone();
        if let Some(cursor) = &cursor {
            let request = format!(r#"{{"op":"subscribe","orders":"*","cursor":"{cursor}"}}"#);
            socket.send(Message::text(request)).await?;
        }
        while let Some(message) = timeout_at(until, timeout(SILENT_FOR, socket.next())).await?? {
            if let Message::Text(text) = message? {
                let message: StreamMessage<'_> = serde_json::from_str(&text)?;
                let is_greeting = matches!(message, StreamMessage::Connected { .. });
                if is_greeting && cursor.is_some() {
                    continue; // ahead of what was seen
                }
                self.take(message)?;
                if is_greeting {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn listen_to_response(&mut self, port: u16, until: Instant) -> anyhow::Result<()> {
        let url = format!("http://127.0.0.1:{port}/api/stream");
        let mut request = reqwest::Client::new().get(url).header("accept", "text/event-stream");
        if let Some(cursor) = &self.cursor {
            request = request.header("last-event-id", cursor);
        }
        let mut response = timeout(CONNECT_WITHIN, request.send()).await??;
        if !response.status().is_success() {
            bail!("refused: {}", response.text().await.unwrap_or_default());
        }
        let mut parser = SseParser::default();
        while let Some(bytes) = timeout_at(until, timeout(SILENT_FOR, response.chunk())).await??? {
            parser.push(&bytes);
            while let Some(sent) = parser.next_event() {
                self.take(serde_json::from_str(&sent.data)?)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, message: StreamMessage<'_>) -> anyhow::Result<()> {
        let cursor = match message {
            StreamMessage::Event { body, cursor } => {
                self.record.events.push((body.order_id, body.seq, body.status));
                self.count.store(self.record.events.len(), Ordering::Relaxed);
                cursor
            }
            StreamMessage::Connected { cursor, .. } => cursor,
            StreamMessage::Heartbeat { cursor, .. } => Some(cursor),
            StreamMessage::Error { problem, .. } => bail!("refused: {}", problem.error),
            _ => None,
        };
        self.cursor = cursor.or(self.cursor.take());
        Ok(())
    }
}
