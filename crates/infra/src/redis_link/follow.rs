//! Following a Pub/Sub channel through every loss of the connection.

use std::time::Duration;

use anyhow::Context;
use futures::StreamExt;
use redis::Value;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::{CONNECT_TIMEOUT, RECONNECT, RESPONSE_TIMEOUT, RedisLink};

/// A connection that says nothing is asked this often whether it is still there; otherwise a
/// half-open one would look like silence for ever.
const PING_EVERY: Duration = Duration::from_secs(5);

/// What following a channel yields.
pub(crate) enum ChannelSignal<'a> {
    /// The server acknowledged the subscription. What was published before may be missing.
    Subscribed,
    /// A published message.
    Message(&'a [u8]),
    /// The connection is lost or was never made; another follows.
    Lost(anyhow::Error),
}

/// Follows `channel` for ever and calls `hear`, which must not block.
pub(crate) async fn follow(link: RedisLink, channel: String, mut hear: impl FnMut(ChannelSignal<'_>) + Send) {
    let mut rng = link.rng();
    let mut failures = 0u32;
    loop {
        let error = session(&link, &channel, &mut |heard| {
            if matches!(heard, ChannelSignal::Subscribed) {
                failures = 0;
            }
            hear(heard);
        })
        .await;
        hear(ChannelSignal::Lost(error));
        failures = failures.saturating_add(1);
        sleep(RECONNECT.delay(failures, &mut rng)).await;
    }
}

/// One connection, until it is lost.
async fn session(
    link: &RedisLink,
    channel: &str,
    hear: &mut (impl FnMut(ChannelSignal<'_>) + Send),
) -> anyhow::Error {
    let outcome: anyhow::Result<()> = async {
        let connected = timeout(CONNECT_TIMEOUT, link.client.get_async_pubsub()).await;
        let (mut sink, mut messages) = connected.context("connecting took too long")??.split();
        timeout(RESPONSE_TIMEOUT, sink.subscribe(channel)).await.context("no answer to SUBSCRIBE")??;
        hear(ChannelSignal::Subscribed);
        let mut ping = interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = messages.next() => {
                    hear(ChannelSignal::Message(message.context("connection closed")?.get_payload_bytes()));
                }
                _ = ping.tick() => {
                    timeout(RESPONSE_TIMEOUT, sink.ping::<Value>()).await.context("no answer to PING")??;
                }
            }
        }
    }
    .await;
    match outcome {
        Ok(()) => anyhow::anyhow!("the subscription ended"),
        Err(error) => error,
    }
}
