//! The event bus over Redis Pub/Sub.

use std::sync::{Arc, OnceLock, atomic::Ordering};

use domain::{
    OrderEvent,
    ports::{BusMessage, EventBus},
};
use futures::stream::BoxStream;
use telemetry::Outage;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::{
    fanout::{BACKLOG, Fanout},
    health::Health,
    publisher::Publisher,
    wire,
};
use crate::redis_link::{ChannelSignal, RedisLink, follow};

/// Events that wait to be published. While Redis is away it fills, and what comes then is dropped
/// and counted: every event is in the store, and subscribers are notified to look there.
const OUTBOX: usize = 8_192;

/// A bus over one Redis channel: one connection that publishes, and one that listens once
/// there is a subscriber.
pub struct RedisBus {
    link: RedisLink,
    channel: String,
    outbox: mpsc::Sender<Arc<OrderEvent>>,
    health: Arc<Health>,
    fanout: Fanout,
    listener: OnceLock<AbortOnDropHandle<()>>,
}

impl RedisBus {
    /// A bus on `{prefix}:events`. Nothing need be up yet: connections are made in the background,
    /// for as long as it takes. Must be called on a Tokio runtime.
    ///
    /// # Errors
    /// When the URL cannot be read.
    pub fn open(url: &str, prefix: &str, seed: u64) -> anyhow::Result<Self> {
        let link = RedisLink::open(url, seed)?;
        let channel = format!("{prefix}:events");
        let (outbox, events) = mpsc::channel(OUTBOX);
        let health = Arc::<Health>::default();
        let publisher = Publisher::new(&link, channel.clone(), health.clone())?;
        tokio::spawn(publisher.run(events)); // ends when the outbox is closed and empty
        Ok(Self { link, channel, outbox, health, fanout: Fanout::new(BACKLOG), listener: OnceLock::new() })
    }

    fn listen(&self) -> AbortOnDropHandle<()> {
        let (fanout, health) = (self.fanout.clone(), self.health.clone());
        let outage = Outage::new("event bus (receiving)");
        let hear = move |heard: ChannelSignal<'_>| match heard {
            ChannelSignal::Subscribed => {
                outage.over();
                health.subscribed.store(true, Ordering::Relaxed);
                // also after the first one: those who had subscribed by then may have missed some
                fanout.send(BusMessage::Interrupted);
            }
            ChannelSignal::Message(payload) => match wire::decode(payload) {
                Ok(messages) => messages.into_iter().for_each(|message| fanout.send(message)),
                Err(error) => {
                    // whatever it announced is in the store
                    tracing::warn!(%error, "a bus message cannot be decoded; followers read the store");
                    fanout.send(BusMessage::Interrupted);
                }
            },
            ChannelSignal::Lost(error) => {
                health.subscribed.store(false, Ordering::Relaxed);
                outage.failed(format_args!("{error:#}"));
            }
        };
        AbortOnDropHandle::new(tokio::spawn(follow(self.link.clone(), self.channel.clone(), hear)))
    }
}

impl EventBus for RedisBus {
    fn publish(&self, events: Vec<Arc<OrderEvent>>) {
        for event in events {
            if self.outbox.try_send(event).is_err() {
                self.health.unpublished.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn subscribe(&self) -> BoxStream<'static, BusMessage> {
        let messages = self.fanout.subscribe();
        self.listener.get_or_init(|| self.listen());
        messages
    }

    fn is_connected(&self) -> bool {
        let receiving = self.listener.get().is_none() || self.health.subscribed.load(Ordering::Relaxed);
        receiving && self.health.publishing.load(Ordering::Relaxed)
    }
}
