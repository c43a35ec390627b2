use std::{borrow::Cow, time::Duration};

use axum::{
    body::Bytes,
    extract::{
        FromRequestParts,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code},
    },
    http::request::Parts,
    response::Response,
};
use futures::{
    FutureExt, SinkExt, StreamExt,
    future::BoxFuture,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{Instant, Interval, MissedTickBehavior, interval_at, timeout},
};
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};

use super::{Dialect, Follower};
use crate::{
    problem::{Code, Problem},
    state::AppState,
};

/// Bytes that are read at once; orders and pongs are small.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// Bytes that wait to be written before they go out.
const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// Bytes that wait to be written at most: one message and room to spare.
const MAX_WRITE_BUFFER_BYTES: usize = 1024 * 1024;
/// How long a peer may take to answer a close frame.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// Why a WebSocket ends. Each has its close code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// 1000: the stream is complete.
    Finished,
    /// 1001: the process stops; connect again.
    Stopping,
    /// 1002: a violation of the WebSocket protocol.
    Protocol,
    /// 1007: a text is not UTF-8.
    NotUtf8,
    /// 1009: the message is too large.
    TooLarge,
    /// 1013: the peer reads too slowly or the store does not answer; connect again, later.
    TryLater(&'static str),
    /// 4000 plus the HTTP status: the request is refused, such as 4404 for an unknown order.
    Refused(Code),
    /// 4408: the peer stayed silent, even when it was pinged.
    Idle,
    /// The peer is gone, so there is nothing to send.
    Gone,
}

impl Ending {
    /// How a stream ends after `problem`.
    pub(crate) fn after(problem: &Problem) -> Self {
        match problem.code {
            Code::StoreUnavailable => Self::TryLater("the order store is unavailable"),
            code => Self::Refused(code),
        }
    }

    fn close_frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Finished => (close_code::NORMAL, Cow::from("")),
            Self::Stopping => (close_code::AWAY, "the server is stopping".into()),
            Self::Protocol => (close_code::PROTOCOL, "not the WebSocket protocol".into()),
            Self::NotUtf8 => (close_code::INVALID, "the text is not UTF-8".into()),
            Self::TooLarge => (close_code::SIZE, "the message is too large".into()),
            Self::TryLater(reason) => (close_code::AGAIN, reason.into()),
            Self::Refused(code) => (4_000 + code.status(), code.as_str().into()),
            Self::Idle => (4_408, "idle".into()),
            Self::Gone => return None,
        };
        Some(CloseFrame { code, reason: reason.as_ref().into() })
    }
}

/// A request that wants to become a WebSocket, with its permit.
pub(crate) struct Upgrade {
    upgrade: WebSocketUpgrade,
    permit: OwnedSemaphorePermit,
}

impl FromRequestParts<AppState> for Upgrade {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::new(Code::UpgradeRequired, rejection.body_text()))?;
        Ok(Self { upgrade, permit: permit(state)? })
    }
}

/// Room for one more stream, for as long as the permit is held.
pub(crate) fn permit(state: &AppState) -> Result<OwnedSemaphorePermit, Problem> {
    state.streams.clone().try_acquire_owned().map_err(|_| {
        let detail = format!("{} streams are open, which is the limit", state.limits.max_streams);
        Problem::new(Code::TooManyStreams, detail)
    })
}

impl Upgrade {
    /// Answers the request and runs `session` on the socket, which is closed as the session says.
    pub(crate) fn run<S>(self, state: &AppState, session: S) -> Response
    where
        S: for<'a> FnOnce(&'a mut Peer) -> BoxFuture<'a, Ending> + Send + 'static,
    {
        let Self { upgrade, permit } = self;
        let (tracker, state) = (state.tasks.clone(), state.clone());
        let token = tracker.token(); // counted from now on, not only once the upgrade is done
        upgrade
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(WRITE_BUFFER_BYTES)
            .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
            .max_message_size(state.limits.max_body_bytes)
            .max_frame_size(state.limits.max_body_bytes)
            .on_upgrade(move |socket| async move {
                let (sink, incoming) = socket.split();
                let mut peer = Peer { sink, incoming, state };
                let ending = session(&mut peer).await;
                tracing::debug!(?ending, "stream ends");
                peer.close(ending).await;
                drop((permit, token));
            })
    }
}

/// The other side of a WebSocket.
pub(crate) struct Peer {
    sink: SplitSink<WebSocket, Message>,
    incoming: SplitStream<WebSocket>,
    state: AppState,
}

impl Peer {
    /// Sends one message.
    pub(crate) async fn send(&mut self, text: Utf8Bytes) -> Result<(), Ending> {
        send(&mut self.sink, Message::Text(text), self.state.limits.send_within).await
    }

    /// The first message of the peer, which must come soon.
    pub(crate) async fn first_message(&mut self) -> Result<Bytes, Ending> {
        let Self { incoming, state, .. } = self;
        let message = async {
            loop {
                match received(incoming.next().await)? {
                    Message::Text(text) => return Ok(text.into()),
                    Message::Binary(bytes) => return Ok(bytes),
                    _ => {}
                }
            }
        };
        let in_time =
            timeout(state.limits.first_message_within, message).map(|m| m.unwrap_or(Err(Ending::Idle)));
        state.stopping.run_until_cancelled(in_time).await.unwrap_or(Err(Ending::Stopping))
    }

    /// Sends the events of an order until the last one, and what comes after it.
    pub(crate) async fn stream(&mut self, mut follower: Follower, dialect: &dyn Dialect) -> Ending {
        let Self { sink, incoming, state } = self;
        let limits = &state.limits;
        let mut pings = interval_at(Instant::now() + limits.ping_every, limits.ping_every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let outgoing = async {
            while let Some(message) =
                next_message(&mut follower, dialect, sink, &mut pings, limits.send_within).await?
            {
                send(sink, message, limits.send_within).await?;
            }
            match dialect.end(follower.order_id()) {
                Some(end) => send(sink, Message::Text(end), limits.send_within).await,
                None => Ok(()),
            }
        };
        tokio::select! {
            () = state.stopping.cancelled() => Ending::Stopping,
            ending = until_gone(incoming, limits.idle_after) => ending,
            sent = outgoing => sent.err().unwrap_or(Ending::Finished),
        }
    }

    /// Splits it into its two halves, for full-duplex use.
    pub(crate) fn split(&mut self) -> (Outbox<'_>, Inbox<'_>) {
        let limits = &self.state.limits;
        (
            Outbox { sink: &mut self.sink, within: limits.send_within },
            Inbox { incoming: &mut self.incoming, idle_after: limits.idle_after },
        )
    }

    async fn close(mut self, ending: Ending) {
        let Some(frame) = ending.close_frame() else { return };
        if send(&mut self.sink, Message::Close(Some(frame)), CLOSE_WITHIN).await.is_ok() {
            // leaving before the peer has answered could cost it the last messages
            let _ = timeout(CLOSE_WITHIN, until_gone(&mut self.incoming, CLOSE_WITHIN)).await;
        }
    }
}

/// The sending half. A message that is not read in time ends the session.
pub(crate) struct Outbox<'a> {
    sink: &'a mut SplitSink<WebSocket, Message>,
    within: Duration,
}

impl Outbox<'_> {
    /// Sends one message.
    pub(crate) async fn send(&mut self, text: Utf8Bytes) -> Result<(), Ending> {
        send(self.sink, Message::Text(text), self.within).await
    }

    /// Sends messages as one write, as far as they fit.
    pub(crate) async fn send_all(&mut self, texts: Vec<Utf8Bytes>) -> Result<(), Ending> {
        let sent = async {
            for text in texts {
                self.sink.feed(Message::Text(text)).await?;
            }
            self.sink.flush().await
        };
        in_time(sent, self.within).await
    }

    /// Sends a ping.
    pub(crate) async fn ping(&mut self) -> Result<(), Ending> {
        send(self.sink, Message::Ping(Bytes::new()), self.within).await
    }
}

/// The receiving half.
pub(crate) struct Inbox<'a> {
    incoming: &'a mut SplitStream<WebSocket>,
    idle_after: Duration,
}

impl Inbox<'_> {
    /// Hands messages on until the peer leaves or falls silent. Nothing is read while the receiver has
    /// no room.
    pub(crate) async fn forward(self, messages: mpsc::Sender<Bytes>) -> Ending {
        loop {
            let message = match timeout(self.idle_after, self.incoming.next()).await.map(received) {
                Ok(Ok(Message::Text(text))) => text.into(),
                Ok(Ok(Message::Binary(bytes))) => bytes,
                Ok(Ok(_)) => continue,
                Ok(Err(ending)) => return ending,
                Err(_elapsed) => return Ending::Idle,
            };
            if messages.send(message).await.is_err() {
                return Ending::Gone;
            }
        }
    }
}

/// The next event as a message; pings the peer while there is none. The wait for an event is never
/// given up half-way, so a ping cannot abort a read of the store.
async fn next_message(
    follower: &mut Follower,
    dialect: &dyn Dialect,
    sink: &mut SplitSink<WebSocket, Message>,
    pings: &mut Interval,
    within: Duration,
) -> Result<Option<Message>, Ending> {
    let next = follower.next();
    tokio::pin!(next);
    loop {
        tokio::select! {
            event = &mut next => return Ok(event.map(|event| Message::Text(dialect.event(&event)))),
            _ = pings.tick() => send(sink, Message::Ping(Bytes::new()), within).await?,
        }
    }
}

async fn send(
    sink: &mut SplitSink<WebSocket, Message>,
    message: Message,
    within: Duration,
) -> Result<(), Ending> {
    in_time(sink.send(message), within).await
}

async fn in_time(
    sent: impl Future<Output = Result<(), axum::Error>>,
    within: Duration,
) -> Result<(), Ending> {
    match timeout(within, sent).await {
        Ok(sent) => sent.map_err(|_| Ending::Gone),
        Err(_elapsed) => Err(Ending::TryLater("the client reads too slowly")),
    }
}

/// Reads, so that pings are answered and a close is seen, until the peer leaves or falls silent.
async fn until_gone(incoming: &mut SplitStream<WebSocket>, idle_after: Duration) -> Ending {
    loop {
        match timeout(idle_after, incoming.next()).await.map(received) {
            Ok(Ok(_)) => {}
            Ok(Err(ending)) => return ending,
            Err(_elapsed) => return Ending::Idle,
        }
    }
}

fn received(message: Option<Result<Message, axum::Error>>) -> Result<Message, Ending> {
    match message {
        None | Some(Ok(Message::Close(_))) => Err(Ending::Gone),
        Some(Ok(message)) => Ok(message),
        Some(Err(error)) => match error.into_inner().downcast_ref() {
            Some(tungstenite::Error::Capacity(_)) => Err(Ending::TooLarge),
            Some(tungstenite::Error::Utf8(_)) => Err(Ending::NotUtf8),
            // the peer broke off: there is nothing to send
            Some(tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                Err(Ending::Gone)
            }
            Some(tungstenite::Error::Protocol(_)) => Err(Ending::Protocol),
            _ => Err(Ending::Gone),
        },
    }
}
