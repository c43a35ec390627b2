//! The receiving side of the Redis queue.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::ports::{ExecutionSlots, JobConsumer};
use futures::future::BoxFuture;
use rand::RngExt;
use telemetry::Outage;
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    doorbell::{Doorbell, DoorbellPoll},
    finisher::Finisher,
    keys::Keys,
    session::Session,
    state::ConsumerState,
};
use crate::{
    queue::dispatch::Dispatch,
    redis_link::{ChannelSignal, RECONNECT, RedisLink, follow},
};

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

    async fn supervise(&self, slots: Arc<dyn ExecutionSlots>, stop: CancellationToken) {
        let doorbell = Arc::new(Doorbell::default());
        let _listener = self.listen(doorbell.clone());
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
            let dispatch = Dispatch::new(slots.clone(), finish);
            let poll = DoorbellPoll::new(doorbell.clone(), self.tick);
            let ended = stop.run_until_cancelled(session.run(slots.count(), dispatch, poll)).await;
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
    async fn run(&self, slots: Arc<dyn ExecutionSlots>, stop: BoxFuture<'static, ()>) {
        let stopping = CancellationToken::new();
        let stopped = async {
            stop.await;
            stopping.cancel();
        };
        tokio::join!(stopped, self.supervise(slots, stopping.clone()));
    }

    fn is_consuming(&self) -> bool {
        self.state.is_consuming()
    }
}
