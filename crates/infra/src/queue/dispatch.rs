//! The tower service at the end of an apalis worker: one handler call per task, bounded, on a
//! task of its own.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    panic::AssertUnwindSafe,
    sync::Arc,
    task::{Context, Poll},
};

use apalis_core::{layers::Service, task::Task};
use domain::OrderId;
use futures::{FutureExt, future::BoxFuture, ready};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::PollSemaphore;

use super::Handler;

/// Called with the task id after the handler has returned (or panicked).
pub(super) type Finish = Arc<dyn Fn(String) -> BoxFuture<'static, ()> + Send + Sync>;

/// Runs the handler for each task. A permit is found before apalis may fetch a task, so what is
/// fetched can be handled; it is given back when the handler has returned and `finish` is done.
///
/// The handler is spawned, and as far as apalis knows the task is over at once: a worker that
/// stops or fails takes no handler down with it, and neither a slow nor a panicking handler
/// reaches it.
pub(super) struct Dispatch {
    permits: PollSemaphore,
    permit: Option<OwnedSemaphorePermit>,
    handler: Handler,
    finish: Finish,
}

impl Dispatch {
    pub(super) fn new(permits: Arc<Semaphore>, handler: Handler, finish: Finish) -> Self {
        Self { permits: PollSemaphore::new(permits), permit: None, handler, finish }
    }
}

impl Service<Task<OrderId>> for Dispatch {
    type Response = ();
    type Error = Infallible;
    type Future = Ready<Result<(), Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if self.permit.is_none() {
            self.permit = ready!(self.permits.poll_acquire(cx));
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, task: Task<OrderId>) -> Self::Future {
        let permit = self.permit.take();
        let task_id = task.task_id().map(ToString::to_string).unwrap_or_default();
        let order = task.args;
        let (handler, finish) = (self.handler.clone(), self.finish.clone());
        tokio::spawn(async move {
            let outcome = AssertUnwindSafe(async move { handler(order).await }).catch_unwind().await;
            if outcome.is_err() {
                tracing::error!(%order, "the job handler panicked; the sweeper brings the order back");
            }
            finish(task_id).await;
            drop(permit);
        });
        ready(Ok(()))
    }
}
