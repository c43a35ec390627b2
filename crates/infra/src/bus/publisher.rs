//! The sending side of the Redis bus.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use domain::OrderEvent;
use rand::rngs::StdRng;
use redis::{Pipeline, RedisResult, aio::ConnectionManager};
use telemetry::Outage;
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use super::{health::Health, wire};
use crate::redis_link::{Connection, RECONNECT, RESPONSE_TIMEOUT, RedisLink};

/// Events in one pipeline at most.
const GROUP: usize = 512;
/// Events in one message at most, so that a subscriber passes the first ones on early.
const PER_MESSAGE: usize = 32;
/// How often an idle connection is pinged, so that its health is known.
const PING_EVERY: Duration = Duration::from_secs(5);

/// Publishes what is in the outbox, a group in one round trip; what gathers meanwhile is the next
/// group. A group that fails is dropped and counted.
pub(super) struct Publisher {
    connection: Connection,
    channel: String,
    health: Arc<Health>,
    outage: Outage,
    rng: StdRng,
}

impl Publisher {
    pub(super) fn new(link: &RedisLink, channel: String, health: Arc<Health>) -> anyhow::Result<Self> {
        let outage = Outage::new("event bus (sending)");
        Ok(Self { connection: Connection::open(link)?, channel, health, outage, rng: link.rng() })
    }

    pub(super) async fn run(mut self, mut outbox: mpsc::Receiver<Arc<OrderEvent>>) {
        let mut group = Vec::with_capacity(GROUP);
        loop {
            self.reach().await;
            loop {
                let waited = timeout(PING_EVERY, outbox.recv_many(&mut group, GROUP)).await;
                if waited == Ok(0) {
                    return;
                }
                if let Err(error) = self.send(&group).await {
                    self.fail(group.len(), &error);
                    group.clear();
                    break;
                }
                group.clear();
            }
        }
    }

    /// Retries until the server answers. The outbox is not read meanwhile.
    async fn reach(&mut self) {
        let mut failures = 0u32;
        while let Err(error) = self.send(&[]).await {
            self.fail(0, &error);
            failures = failures.saturating_add(1);
            sleep(RECONNECT.delay(failures, &mut self.rng)).await;
        }
        self.health.publishing.store(true, Ordering::Relaxed);
        self.outage.over();
    }

    /// Publishes a group, or asks whether the server is there when there is nothing to say.
    async fn send(&self, group: &[Arc<OrderEvent>]) -> RedisResult<()> {
        let mut pipeline = Pipeline::with_capacity(group.len() / PER_MESSAGE + 2);
        let unpublished = self.health.unpublished.load(Ordering::Relaxed);
        if unpublished > 0 {
            pipeline.publish(&self.channel, wire::GAP).ignore();
        } else if group.is_empty() {
            pipeline.cmd("PING").ignore();
        }
        for events in group.chunks(PER_MESSAGE) {
            match wire::encode(events) {
                Ok(payload) => {
                    pipeline.publish(&self.channel, payload).ignore();
                }
                Err(error) => {
                    self.dropped(events.len());
                    tracing::error!(%error, "events cannot be encoded");
                }
            }
        }
        let pipeline = &pipeline;
        let send =
            |mut connection: ConnectionManager| async move { pipeline.exec_async(&mut connection).await };
        self.connection.call("bus", RESPONSE_TIMEOUT, send).await?;
        if unpublished > 0 {
            self.health.unpublished.fetch_sub(unpublished, Ordering::Relaxed);
            tracing::warn!(
                events = unpublished,
                "events were not published; subscribers read the store instead"
            );
        }
        Ok(())
    }

    fn fail(&self, lost: usize, error: &redis::RedisError) {
        self.health.publishing.store(false, Ordering::Relaxed);
        self.dropped(lost);
        self.outage.failed(error);
    }

    /// Subscribers are notified of these with the next message.
    fn dropped(&self, events: usize) {
        self.health.unpublished.fetch_add(u64::try_from(events).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}
