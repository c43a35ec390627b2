//! The tower service at the end of an apalis worker: starts one execution per task.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use apalis_core::{layers::Service, task::Task};
use domain::{
    OrderId,
    ports::{ExecutionSlot, ExecutionSlots},
};
use futures::{future::BoxFuture, ready};

/// Called with the id of a task whose execution was started.
pub(super) type Finish = Arc<dyn Fn(String) -> BoxFuture<'static, ()> + Send + Sync>;

/// Reserves a slot before apalis may fetch a task, so what is fetched can start. The slot stays taken until the
/// execution has ended and `finish` is done, which bounds what a worker holds in Redis.
///
/// As far as apalis knows a task is over at once: a worker that stops or fails takes no execution down with it,
/// and neither a slow nor a panicking execution reaches it.
pub(super) struct Dispatch {
    slots: Arc<dyn ExecutionSlots>,
    reserving: Option<BoxFuture<'static, Box<dyn ExecutionSlot>>>,
    slot: Option<Box<dyn ExecutionSlot>>,
    finish: Finish,
}

impl Dispatch {
    pub(super) fn new(slots: Arc<dyn ExecutionSlots>, finish: Finish) -> Self {
        Self { slots, reserving: None, slot: None, finish }
    }
}

impl Service<Task<OrderId>> for Dispatch {
    type Response = ();
    type Error = Infallible;
    type Future = Ready<Result<(), Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.slot.is_none() {
            let reserving = self.reserving.get_or_insert_with(|| self.slots.reserve());
            self.slot = Some(ready!(reserving.as_mut().poll(cx)));
            self.reserving = None;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, task: Task<OrderId>) -> Self::Future {
        let Some(slot) = self.slot.take() else {
            tracing::error!(order = %task.args, "a job came without a slot; the sweeper brings it again");
            return ready(Ok(()));
        };
        let task_id = task.task_id().map(ToString::to_string).unwrap_or_default();
        let taken = slot.start(task.args);
        let finished = (self.finish)(task_id);
        tokio::spawn(async move {
            finished.await;
            drop(taken);
        });
        ready(Ok(()))
    }
}
