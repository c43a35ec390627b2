//! Hands messages to every subscriber in this process.

use domain::ports::BusMessage;
use futures::{StreamExt, stream::BoxStream};
use tokio::sync::broadcast;
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

/// Messages a subscriber may be behind before it loses some and is told so.
pub(super) const BACKLOG: usize = 16_384;

/// One sender, many subscribers. Nobody waits for a slow subscriber: it loses the oldest messages
/// and gets [`BusMessage::Interrupted`] in their place.
#[derive(Clone)]
pub(super) struct Fanout {
    sender: broadcast::Sender<BusMessage>,
}

impl Fanout {
    pub(super) fn new(backlog: usize) -> Self {
        Self { sender: broadcast::Sender::new(backlog) }
    }

    pub(super) fn send(&self, message: BusMessage) {
        let _ = self.sender.send(message); // nobody listening is fine
    }

    pub(super) fn subscribe(&self) -> BoxStream<'static, BusMessage> {
        BroadcastStream::new(self.sender.subscribe())
            .map(|received| match received {
                Ok(message) => message,
                Err(BroadcastStreamRecvError::Lagged(_)) => BusMessage::Interrupted,
            })
            .boxed()
    }
}
