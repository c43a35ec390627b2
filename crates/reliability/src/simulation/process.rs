//! A process of the simulation: it is running, paused or dead, and every call it makes to a port
//! goes through here.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::world::{World, lock};

/// The call failed: it may or may not have had its effect.
#[derive(Debug)]
pub(super) struct Lost(pub(super) &'static str);

/// What makes some tasks one process.
pub(super) struct Process {
    pub(super) world: Arc<World>,
    pub(super) name: String,
    /// Cancelled once it is asked to stop.
    pub(super) stop: CancellationToken,
    /// Cancelled once it is dead; connections to it break then.
    pub(super) death: CancellationToken,
    paused_until: Mutex<Option<Instant>>,
    /// Nothing happens to it, nor to its calls.
    is_immortal: bool,
}

impl Process {
    pub(super) fn new(world: &Arc<World>, name: String) -> Arc<Self> {
        Self::start(world, name, false)
    }

    /// Whatever is under way between processes: what dies does not take it along.
    pub(super) fn network(world: &Arc<World>) -> Arc<Self> {
        Self::start(world, "network".to_owned(), true)
    }

    fn start(world: &Arc<World>, name: String, is_immortal: bool) -> Arc<Self> {
        world.note(&name, "starts");
        let (stop, death) = (CancellationToken::new(), CancellationToken::new());
        Arc::new(Self {
            world: world.clone(),
            name,
            stop,
            death,
            paused_until: Mutex::new(None),
            is_immortal,
        })
    }

    pub(super) fn is_dead(&self) -> bool {
        self.death.is_cancelled()
    }

    /// Whether it takes no new work any more.
    pub(super) fn is_leaving(&self) -> bool {
        self.is_dead() || self.stop.is_cancelled()
    }

    /// `SIGKILL`: no call of it ever returns or has an effect again.
    pub(super) fn die(&self) {
        if !self.is_dead() {
            self.note("dies");
            self.death.cancel();
        }
    }

    /// `SIGTERM`: it stops cleanly by itself.
    pub(super) fn ask_to_stop(&self) {
        self.note("is asked to stop");
        self.stop.cancel();
    }

    /// It has ended by itself.
    pub(super) fn has_stopped(&self) {
        self.note("has stopped");
        self.death.cancel();
    }

    /// `SIGSTOP`, and `SIGCONT` after a while, or once it is calm.
    pub(super) fn pause(&self, time: Duration) {
        self.note(&format!("stands still for {} ms", time.as_millis()));
        *lock(&self.paused_until) = Some(Instant::now() + time);
    }

    pub(super) fn note(&self, what: &str) {
        self.world.note(&self.name, what);
    }

    /// A call to a server: it travels, has its effect, and its answer travels back; at each point
    /// something can happen.
    pub(super) async fn call<T>(&self, what: &str, effect: impl AsyncFnOnce() -> T) -> Result<T, Lost> {
        let (world, plan) = (&self.world, &self.world.plan);
        if self.is_immortal {
            return Ok(effect().await);
        }
        self.travel(what).await;
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
        self.travel(what).await;
        self.live().await;
        if is_lost {
            self.note(&format!("{what} was done, its answer is lost"));
            return Err(Lost("its answer is lost"));
        }
        Ok(answer)
    }

    /// A call of a port that may never return, whether it had its effect or not: a connection that went
    /// silent. Those of the store are bounded by the store itself.
    pub(super) async fn call_that_may_hang<T>(
        &self,
        what: &str,
        effect: impl AsyncFnOnce() -> T,
    ) -> Result<T, Lost> {
        let hangs = || !self.is_immortal && self.world.happens(self.world.plan.hangs / 2);
        let hang = async || {
            self.note(&format!("{what} never returns"));
            pending::<()>().await;
        };
        if hangs() {
            hang().await;
        }
        let answer = self.call(what, effect).await;
        if hangs() {
            hang().await;
        }
        answer
    }

    /// Waits while it is paused, and for ever once it is dead.
    pub(super) async fn live(&self) {
        loop {
            if self.is_dead() {
                pending::<()>().await;
            }
            let until = *lock(&self.paused_until);
            match until {
                Some(until) if Instant::now() < until && !self.world.is_calm() => {
                    self.world.linger(until - Instant::now()).await;
                }
                _ => return,
            }
        }
    }

    async fn travel(&self, what: &str) {
        let world = &self.world;
        world.mark(&self.name, what);
        sleep(Duration::from_micros(world.between(100, 8_000))).await;
        if !world.happens(world.plan.stalls) {
            return;
        }
        let stuck = world.plan.lease / 4 * u32::try_from(world.between(1, 9)).unwrap_or(1);
        self.note(&format!("{what} is stuck for {} ms", stuck.as_millis()));
        world.linger(stuck).await;
    }
}
