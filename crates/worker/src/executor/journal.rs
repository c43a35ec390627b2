//! Writes an execution's events: in order, grouped where nothing needs to wait for them.

use std::{future::Future, pin::pin, sync::Arc, task::Poll};

use domain::{
    CancelRequest, Event, EventData, Order, Timestamp,
    ports::{AttemptChange, ClaimAction, Clock, Commit, CommitOutcome, EventBus, ExecutionStore, Fence},
};
use futures::poll;
use tokio::task::JoinHandle;
use tracing::{Instrument, debug_span};

use super::{Interruption, calls};
use crate::{
    metrics::Writing,
    progress::{Progress, Step},
};

/// The events of one claim on their way to the store.
///
/// An event that nothing depends on is only gathered. It is written in the background as soon as
/// the execution has to wait for something else, so that followers see it live, or together with
/// the next event that must be durable. An execution that never waits writes all its events at once.
pub(super) struct Journal {
    store: Arc<dyn ExecutionStore>,
    bus: Arc<dyn EventBus>,
    clock: Arc<dyn Clock>,
    fence: Fence,
    order: Order,
    progress: Arc<Progress>,
    gathered: Vec<Event>,
    /// When the last event that was handed over for writing happened.
    written_until: Timestamp,
    writing: Option<JoinHandle<Result<Recorded, Interruption>>>,
}

/// The result of an event that had to be durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recorded {
    /// It is.
    Durable,
    /// It is not, because the owner has asked to cancel the order.
    CancelRequested(CancelRequest),
}

impl Journal {
    pub(super) fn open(
        store: &Arc<dyn ExecutionStore>,
        bus: &Arc<dyn EventBus>,
        clock: &Arc<dyn Clock>,
        fence: Fence,
        order: Order,
        progress: Arc<Progress>,
    ) -> Self {
        Self {
            store: store.clone(),
            bus: bus.clone(),
            clock: clock.clone(),
            fence,
            written_until: order.updated_at,
            order,
            progress,
            gathered: Vec::new(),
            writing: None,
        }
    }

    /// The order with everything recorded so far.
    pub(super) fn order(&self) -> &Order {
        &self.order
    }

    /// The progress of the execution.
    pub(super) fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// Records an event that nothing needs to wait for.
    pub(super) fn record(&mut self, data: EventData) -> Result<(), Interruption> {
        let event = self.order.apply(data, self.clock.now())?;
        self.gathered.push(event);
        Ok(())
    }

    /// Does some work; what is gathered is written meanwhile, if the work has to wait.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Interruption> {
        let mut work = pin!(work);
        if let Poll::Ready(done) = poll!(work.as_mut()) {
            return Ok(done);
        }
        if !self.gathered.is_empty() {
            self.finish_writing().await?;
            let (commit, measured) = self.take_commit(None, ClaimAction::Continue);
            let writing = write(self.store.clone(), self.bus.clone(), commit, measured);
            self.writing = Some(tokio::spawn(writing.in_current_span()));
        }
        Ok(work.await)
    }

    /// Records an event and returns once it is durable, with everything recorded before it. If the order's owner
    /// has asked to cancel it and the event leads to an attempt, nothing is written, and the journal is back at
    /// the order as it is stored.
    pub(super) async fn commit(
        &mut self,
        data: EventData,
        change: Option<AttemptChange>,
        then: ClaimAction,
    ) -> Result<Recorded, Interruption> {
        self.record(data)?;
        self.progress.enter(Step::Commit);
        self.finish_writing().await?;
        let (commit, measured) = self.take_commit(change, then);
        let recorded = write(self.store.clone(), self.bus.clone(), commit, measured).await?;
        self.progress.answered();
        if let Recorded::CancelRequested(_) = recorded {
            let stored = calls::store(self.store.order(self.order.account, self.order.id)).await?;
            self.order = stored.ok_or(Interruption::LeaseLost)?;
        }
        Ok(recorded)
    }

    async fn finish_writing(&mut self) -> Result<(), Interruption> {
        match self.writing.take() {
            // What is written in the background leads to no attempt, so it is durable.
            Some(writing) => writing.await.unwrap_or(Err(Interruption::Panicked)).map(drop),
            None => Ok(()),
        }
    }

    fn take_commit(&mut self, change: Option<AttemptChange>, then: ClaimAction) -> (Commit, Writing) {
        let commit = Commit {
            fence: self.fence,
            order: self.order.clone(),
            events: std::mem::take(&mut self.gathered),
            change,
            then,
            effects: Vec::new(),
        };
        let since = std::mem::replace(&mut self.written_until, self.order.updated_at);
        let measured = Writing::new(since, &commit);
        (commit, measured)
    }
}

/// Commits and then announces, never the other way round: followers must not see what may still
/// be undone.
async fn write(
    store: Arc<dyn ExecutionStore>,
    bus: Arc<dyn EventBus>,
    commit: Commit,
    measured: Writing,
) -> Result<Recorded, Interruption> {
    let announcements: Vec<_> = commit.announcements().into_iter().map(Arc::new).collect();
    match calls::store(store.commit(commit)).instrument(debug_span!("commit")).await? {
        CommitOutcome::Committed => {
            measured.committed(&announcements);
            bus.publish(announcements);
            Ok(Recorded::Durable)
        }
        CommitOutcome::CancelRequested(request) => Ok(Recorded::CancelRequested(request)),
        CommitOutcome::Fenced => Err(Interruption::LeaseLost),
    }
}
