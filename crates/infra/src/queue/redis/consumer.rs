//! The receiving side of the Redis queue.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use rand::RngExt;
use tokio::{sync::Semaphore, time::sleep};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    doorbell::{Doorbell, DoorbellPoll},
    finisher::Finisher,
    keys::Keys,
    session::Session,
    state::ConsumerState,
};
use crate::{
    outage::Outage,
    queue::{Handler, JobConsumer, dispatch::Dispatch},
    redis_link::{ChannelSignal, RECONNECT, RedisLink, follow},
};

/// Handlers that run at once at most, however many are asked for: when a worker dies the others
/// take all its entries back in one Lua `unpack`, which has a limit of about 8,000.
const MAX_CONCURRENCY: usize = 4_000;

/// Takes jobs from the queue. Keeps an apalis worker running: when one fails, the next follows
/// after a pause.
pub struct RedisConsumer {
    link: RedisLink,
    keys: Keys,
    tick: Duration,
    state: Arc<ConsumerState>,
}

impl RedisConsumer {
    pub(super) fn new(link: RedisLink, keys: Keys, tick: Duration) -> Self {
        let outage = Outage::new("job queue (receiving)");
        let state = Arc::new(ConsumerState::new(outage));
        Self { link, keys, tick, state }
    }

    async fn supervise(&self, concurrency: usize, handler: Handler, stop: CancellationToken) {
        let doorbell = Arc::new(Doorbell::default());
        let _listener = self.listen(doorbell.clone());
        let permits = Arc::new(Semaphore::new(concurrency));
        let mut rng = self.link.rng();
        let mut failures = 0u32;
        while !stop.is_cancelled() {
            let name = format!("worker-{}-{:016x}", std::process::id(), rng.random::<u64>());
            // A connection of its own: what ended the session before may be wrong with its connection.
            let connection = match self.link.connection() {
                Ok(connection) => connection,
                Err(error) => return tracing::error!(%error, "the job queue cannot be read"),
            };
            let session = Session {
                connection: connection.clone(),
                keys: &self.keys,
                worker: self.keys.worker(name),
                state: &self.state,
                failed: CancellationToken::new(),
            };
            let finisher = Finisher::new(connection, self.keys.clone());
            let finish = finisher.of(&session.worker.in_flight, session.failed.clone());
            let dispatch = Dispatch::new(permits.clone(), handler.clone(), finish);
            let looks = DoorbellPoll::new(doorbell.clone(), self.tick);
            let ended = stop.run_until_cancelled(session.run(concurrency, dispatch, looks)).await;
            failures = if self.state.ended() { 1 } else { failures.saturating_add(1) };
            session.close().await;
            let Some(error) = ended else { return };
            self.state.outage.failed(format_args!("{error:#}"));
            stop.run_until_cancelled(sleep(RECONNECT.delay(failures, &mut rng))).await;
        }
    }

    /// Rings the bell for every push that is announced, and whenever one may have been missed.
    fn listen(&self, doorbell: Arc<Doorbell>) -> AbortOnDropHandle<()> {
        let hear = move |heard: ChannelSignal<'_>| match heard {
            ChannelSignal::Subscribed | ChannelSignal::Message(_) => doorbell.ring(),
            ChannelSignal::Lost(error) => tracing::debug!("doorbell of the job queue lost: {error:#}"),
        };
        let channel = self.keys.doorbell.clone();
        AbortOnDropHandle::new(tokio::spawn(follow(self.link.clone(), channel, hear)))
    }
}

#[async_trait]
impl JobConsumer for RedisConsumer {
    async fn run(&self, concurrency: usize, handler: Handler, stop: CancellationToken) {
        self.supervise(concurrency.clamp(1, MAX_CONCURRENCY), handler, stop).await;
    }

    fn is_consuming(&self) -> bool {
        self.state.is_consuming()
    }
}
