//! Hands messages to every subscriber in this process.

use domain::ports::BusMessage;
use futures::{StreamExt, stream::BoxStream};
use tokio::sync::broadcast;
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

/// Messages a subscriber may lag behind before it loses some and is notified.
pub(super) const BACKLOG: usize = 16_384;

/// One sender, many subscribers. A slow subscriber holds up no other: it loses the oldest messages
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
        let _ = self.sender.send(message); // having no subscriber is fine
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
