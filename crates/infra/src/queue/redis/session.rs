//! One apalis worker, from registration to its end.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, LazyLock},
    time::Duration,
};

use anyhow::{Context, bail};
use apalis::prelude::{EventListenerExt, WorkerBuilder};
use apalis_core::{backend::ext::poll_strategy::PollWith, worker::event::Event};
use apalis_redis::RedisStorage;
use domain::OrderId;
use futures::FutureExt;
use redis::{Script, aio::ConnectionManager};
use tokio::{
    sync::Notify,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    doorbell::DoorbellPoll,
    keys::{Keys, WorkerKeys},
    state::ConsumerState,
};
use crate::queue::dispatch::Dispatch;

/// Tasks that apalis fetches at once at most: enough for its rate, few enough to leave some for
/// the other workers.
const BATCH: usize = 32;
/// Entries that are moved out of the scheduled set at once. apalis moves all at once, and fails
/// for ever once they are more than about 8,000 (hazard 4).
const PROMOTED_AT_ONCE: usize = 1_000;
/// How often a worker confirms its registration. apalis' own heartbeat rests while fetched tasks
/// wait for a free slot (hazard 8), and the worker would be taken for dead.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(5);
/// How long the description of a worker outlives it.
const METADATA_SECONDS: u32 = 60;
/// How long the end of a worker may take when Redis does not answer.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

static HEAL: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/heal.lua")));
static PROMOTE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/promote.lua")));
static KEEP_ALIVE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/keep_alive.lua")));
static CLOSE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/close.lua")));

/// One life of an apalis worker. Its name is used once (hazard 6).
pub(super) struct Session<'a> {
    pub(super) connection: ConnectionManager,
    pub(super) keys: &'a Keys,
    pub(super) worker: WorkerKeys,
    pub(super) state: &'a Arc<ConsumerState>,
    /// Cancelled when something outside of apalis makes the worker useless.
    pub(super) failed: CancellationToken,
}

impl Session<'_> {
    /// Fetches and dispatches until something fails, and returns the error.
    pub(super) async fn run(
        &self,
        concurrency: usize,
        dispatch: Dispatch,
        looks: DoorbellPoll,
    ) -> anyhow::Error {
        match AssertUnwindSafe(self.work(concurrency, dispatch, looks)).catch_unwind().await {
            Ok(Err(error)) => error,
            Ok(Ok(())) => anyhow::anyhow!("the worker ended"),
            Err(_) => anyhow::anyhow!("the worker panicked"),
        }
    }

    async fn work(&self, concurrency: usize, dispatch: Dispatch, looks: DoorbellPoll) -> anyhow::Result<()> {
        self.heal().await?;
        self.promote().await?;
        let config = self.keys.config(BATCH.min(concurrency));
        let storage = RedisStorage::<OrderId>::new(self.connection.clone()).with_config(config);
        let registered = Arc::new(Notify::new());
        let on_event = {
            let (registered, state) = (registered.clone(), self.state.clone());
            move |_: &_, event: &Event| {
                if matches!(event, Event::HeartBeat) && state.registered() {
                    registered.notify_one();
                }
            }
        };
        let worker = WorkerBuilder::new(&*self.worker.name)
            .backend(PollWith::new(storage, looks))
            .on_event(on_event)
            .build(dispatch);
        tokio::select! {
            ended = worker.run() => ended.context("the worker failed"),
            lost = self.stay_registered(&registered) => lost,
            () = self.failed.cancelled() => bail!("finished jobs could not be removed"),
        }
    }

    /// Removes keys that another client has overwritten: they would fail every fetch.
    async fn heal(&self) -> anyhow::Result<()> {
        let mut call = HEAL.prepare_invoke();
        call.key(&self.keys.active).key(&self.keys.scheduled).key(&self.keys.data);
        call.key(&self.keys.workers).key(&self.keys.last_task_id);
        let removed: usize = call.invoke_async(&mut self.connection.clone()).await?;
        if removed > 0 {
            tracing::warn!(removed, "keys of the job queue were overwritten by something else; removed them");
        }
        Ok(())
    }

    /// Empties the scheduled set, where only a producer without guard rails puts entries.
    async fn promote(&self) -> anyhow::Result<()> {
        loop {
            let moved: usize = PROMOTE
                .key(&self.keys.scheduled)
                .key(&self.keys.active)
                .arg(PROMOTED_AT_ONCE)
                .invoke_async(&mut self.connection.clone())
                .await?;
            if moved < PROMOTED_AT_ONCE {
                return Ok(());
            }
        }
    }

    async fn stay_registered(&self, registered: &Notify) -> anyhow::Result<()> {
        registered.notified().await;
        let mut keep_alive = interval(KEEP_ALIVE_EVERY);
        keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            keep_alive.tick().await;
            let alive: bool = KEEP_ALIVE
                .key(&self.keys.workers)
                .key(&self.worker.metadata)
                .arg(&self.worker.name)
                .arg(METADATA_SECONDS)
                .invoke_async(&mut self.connection.clone())
                .await?;
            if !alive {
                bail!("the worker is not registered any more");
            }
        }
    }

    /// Deregisters the worker and puts back the entries it holds: an
    /// entry is a hint, and a second delivery does no harm. If Redis is away the other workers do
    /// the same once the heartbeats are missing.
    pub(super) async fn close(&self) {
        let mut connection = self.connection.clone();
        let mut call = CLOSE.prepare_invoke();
        call.key(&self.keys.workers).key(&self.worker.metadata).key(&self.worker.in_flight);
        call.key(&self.keys.active).key(&self.keys.data);
        call.arg(&self.worker.name).arg(&self.keys.metadata).arg(&self.keys.doorbell);
        match timeout(CLOSE_TIMEOUT, call.invoke_async::<usize>(&mut connection)).await {
            Ok(Ok(back)) => tracing::debug!(worker = self.worker.name, back, "queue worker closed"),
            Ok(Err(error)) => tracing::debug!(worker = self.worker.name, %error, "queue worker lost"),
            Err(_) => tracing::debug!(worker = self.worker.name, "queue worker lost: no answer"),
        }
    }
}
