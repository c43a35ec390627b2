//! A process of the simulation: it lives, stands still, or is dead, and every call it makes to a port
//! goes through here.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::world::{World, lock};

/// The call did not go well: it may or may not have had its effect.
#[derive(Debug)]
pub(super) struct Lost(pub(super) &'static str);

/// What makes some tasks one process.
pub(super) struct Process {
    pub(super) world: Arc<World>,
    pub(super) name: String,
    /// Cancelled once it is dead; connections to it break then.
    pub(super) death: CancellationToken,
    paused_until: Mutex<Option<Instant>>,
}

impl Process {
    pub(super) fn new(world: &Arc<World>, name: String) -> Arc<Self> {
        world.note(&name, "starts");
        let (death, paused_until) = (CancellationToken::new(), Mutex::new(None));
        Arc::new(Self { world: world.clone(), name, death, paused_until })
    }

    pub(super) fn is_dead(&self) -> bool {
        self.death.is_cancelled()
    }

    /// `SIGKILL`: no call of it ever returns or has an effect again.
    pub(super) fn die(&self) {
        if !self.is_dead() {
            self.note("dies");
            self.death.cancel();
        }
    }

    /// `SIGSTOP`, and `SIGCONT` after a while.
    pub(super) fn pause(&self, time: Duration) {
        self.note(&format!("stands still for {} ms", time.as_millis()));
        *lock(&self.paused_until) = Some(Instant::now() + time);
    }

    /// `SIGCONT`.
    pub(super) fn resume(&self) {
        *lock(&self.paused_until) = None;
    }

    pub(super) fn note(&self, what: &str) {
        self.world.note(&self.name, what);
    }

    /// A call to a server: it travels, has its effect, and its answer travels back; at each point
    /// something can happen.
    pub(super) async fn call<T>(&self, what: &str, effect: impl AsyncFnOnce() -> T) -> Result<T, Lost> {
        let (world, plan) = (&self.world, &self.world.plan);
        self.travel().await;
        if world.happens(plan.dies_before) {
            self.note(&format!("dies before {what}"));
            self.die();
        }
        if world.happens(plan.pauses) {
            self.pause(plan.lease + Duration::from_millis(world.between(0, 5_000)));
        }
        self.live().await;
        if world.happens(plan.fails_before) {
            self.note(&format!("{what} fails"));
            return Err(Lost("it did not arrive"));
        }
        let answer = effect().await;
        if world.happens(plan.dies_after) {
            self.note(&format!("dies after {what}"));
            self.die();
        }
        let is_lost = world.happens(plan.fails_after);
        self.travel().await;
        self.live().await;
        if is_lost {
            self.note(&format!("{what} was done, its answer is lost"));
            return Err(Lost("its answer is lost"));
        }
        Ok(answer)
    }

    /// Waits while it stands still, and for ever once it is dead.
    pub(super) async fn live(&self) {
        loop {
            if self.is_dead() {
                pending::<()>().await;
            }
            let until = *lock(&self.paused_until);
            match until {
                Some(until) if Instant::now() < until => {
                    // it may be told to go on earlier
                    sleep_until(until.min(Instant::now() + Duration::from_millis(50))).await;
                }
                _ => return,
            }
        }
    }

    async fn travel(&self) {
        let micros = self.world.between(100, 8_000);
        sleep(Duration::from_micros(micros)).await;
    }
}
