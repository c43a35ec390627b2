//! When an apalis worker fetches from the queue (hazards 1 to 3).

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use apalis_core::backend::ext::poll_strategy::{PollSnapshot, PollStrategy};
use futures::task::AtomicWaker;
use tokio::time::{Instant, Sleep, sleep};

/// After the bell has rung the worker looks once more: a fetch that was under way when the bell
/// rang may have missed what it rang for, and would otherwise end the matter until the next tick.
const SECOND_LOOK: Duration = Duration::from_millis(2);

/// Rings on every push. Rings are remembered, but not counted.
#[derive(Default)]
pub(super) struct Doorbell {
    rung: AtomicBool,
    waker: AtomicWaker,
}

impl Doorbell {
    pub(super) fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        self.waker.wake();
    }
}

/// Looks when the doorbell rings, once more shortly after, and at every tick.
pub(super) struct DoorbellPoll {
    doorbell: Arc<Doorbell>,
    tick: Duration,
    timer: Pin<Box<Sleep>>,
}

impl DoorbellPoll {
    /// Must be called on a Tokio runtime.
    pub(super) fn new(doorbell: Arc<Doorbell>, tick: Duration) -> Self {
        Self { doorbell, tick, timer: Box::pin(sleep(tick)) }
    }
}

impl PollStrategy for DoorbellPoll {
    fn poll_drive(&mut self, cx: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        self.doorbell.waker.register(cx.waker());
        let rung = self.doorbell.rung.swap(false, Ordering::AcqRel);
        let due = self.timer.as_mut().poll(cx).is_ready();
        if !rung && !due {
            return Poll::Pending;
        }
        self.timer.as_mut().reset(Instant::now() + if rung { SECOND_LOOK } else { self.tick });
        // the timer must know the waker again, and apalis ignores what a strategy returns: only a
        // wake-up makes it look again if the fetch under way turns out empty in this very poll
        let _ = self.timer.as_mut().poll(cx);
        cx.waker().wake_by_ref();
        Poll::Ready(Some(()))
    }
}
