use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use domain::{
    OrderId,
    ports::{FeedCursor, FeedScope, PageEnd, StoreError},
};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, sleep_until},
};

use super::{FeedMessage, Tail, tail::Batch};
use crate::pause::StorePause;

/// Events read from the store at once.
const PAGE: u32 = 128;
/// The pause before a read whose end a transaction held back is repeated.
const SETTLING: Duration = Duration::from_millis(250);

/// The orders whose events a connection receives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) all: bool,
    /// These, whose last event was not sent yet.
    pub(super) named: HashSet<OrderId>,
}

impl Scope {
    fn includes(&self, id: OrderId) -> bool {
        self.all || self.named.contains(&id)
    }

    /// Whether it includes no order at all.
    pub(super) fn is_empty(&self) -> bool {
        !self.all && self.named.is_empty()
    }
}

/// One connection's position in the feed: it yields every event of its scope after its cursor, each once and in
/// the order of the feed.
pub(super) struct FeedReader {
    tail: Arc<Tail>,
    scope: Scope,
    /// Live events; `None` while the scope is empty.
    batches: Option<Receiver<Arc<Batch>>>,
    /// The position after the last event that was handed out: nothing before it is missing.
    cursor: FeedCursor,
    /// Read and not handed out yet.
    read: VecDeque<Arc<FeedMessage>>,
    /// The position up to which `read` holds everything.
    read_to: FeedCursor,
    /// When to read the store, if it may have events that were not read.
    behind_from: Option<Instant>,
    /// Everything that was committed when the store was read last is in `read` or was handed out.
    is_at_end: bool,
    /// Some orders of the scope have ended already: whether their last events were handed out must be known.
    seeks_end: bool,
    store_pause: StorePause,
}

impl FeedReader {
    /// A reader with an empty scope at a position.
    pub(super) fn new(tail: Arc<Tail>, cursor: FeedCursor) -> Self {
        Self {
            tail,
            scope: Scope::default(),
            batches: None,
            cursor,
            read: VecDeque::new(),
            read_to: cursor,
            behind_from: None,
            is_at_end: false,
            seeks_end: false,
            store_pause: StorePause::new(),
        }
    }

    /// A cursor from which resuming misses nothing that this reader has still to hand out.
    pub(super) fn cursor(&self) -> FeedCursor {
        self.cursor
    }

    /// The orders whose events it hands out.
    pub(super) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Continues with another scope, from the position it has reached or from another one.
    pub(super) fn rescope(&mut self, scope: Scope, cursor: FeedCursor) {
        if scope.is_empty() {
            self.batches = None;
        } else if self.batches.is_none() {
            self.batches = Some(self.tail.subscribe());
        }
        self.scope = scope;
        self.cursor = cursor;
        self.read_to = cursor;
        self.read.clear();
        self.behind_from = Some(Instant::now());
    }

    /// Reads on until [`FeedReader::has_everything`], also while a transaction holds the end of the feed back.
    pub(super) fn seek_end(&mut self) {
        self.seeks_end = true;
    }

    /// Whether everything of the scope that was committed before the last read of the store was handed out.
    pub(super) fn has_everything(&self) -> bool {
        self.is_at_end && self.read.is_empty() && self.behind_from.is_none()
    }

    /// Waits until [`FeedReader::take`] may have something. Giving it up half-way loses nothing.
    pub(super) async fn ready(&mut self) {
        loop {
            let Some(batches) = self.batches.as_mut() else { return std::future::pending().await };
            if !self.read.is_empty() {
                return;
            }
            if let Some(from) = self.behind_from {
                return sleep_until(from).await;
            }
            match batches.recv().await {
                Ok(batch) => self.hear(&batch),
                Err(RecvError::Lagged(_)) => self.behind_from = Some(Instant::now()),
                // the tail keeps the sender for as long as the reader keeps the tail
                Err(RecvError::Closed) => return std::future::pending().await,
            }
        }
    }

    /// The next event, if there is one now. Reads the store where it must; a store that does not answer
    /// is asked again later.
    pub(super) async fn take(&mut self) -> Option<Arc<FeedMessage>> {
        if self.read.is_empty() && self.behind_from.is_some() {
            match self.read_store().await {
                Ok(()) => self.store_pause.reset(),
                Err(error) => {
                    tracing::debug!(%error, "a stream waits for the store");
                    self.behind_from = Some(Instant::now() + self.store_pause.next());
                }
            }
        }
        self.take_read()
    }

    /// The next event, if it has been read already.
    pub(super) fn take_read(&mut self) -> Option<Arc<FeedMessage>> {
        let message = self.read.pop_front()?;
        // with the last of them everything is handed out up to the end of what was read
        self.cursor = if self.read.is_empty() { self.read_to } else { message.cursor };
        if message.event.event.status.is_terminal() {
            self.finish(message.event.order_id);
        }
        Some(message)
    }

    /// Drops a named order once its last event was sent.
    pub(super) fn finish(&mut self, id: OrderId) {
        if self.scope.named.remove(&id) {
            self.rest_if_done();
        }
    }

    /// After the last event of the last order there is nothing to listen for.
    fn rest_if_done(&mut self) {
        if self.scope.is_empty() {
            self.batches = None;
            self.behind_from = None;
        }
    }

    /// Takes a batch that follows on from what was read; before any other the store has to be read.
    fn hear(&mut self, batch: &Batch) {
        if batch.after > self.read_to {
            self.behind_from = Some(Instant::now());
        } else if batch.next > self.read_to {
            let new = batch.events.iter().filter(|message| message.cursor > self.read_to);
            self.read.extend(new.filter(|message| self.scope.includes(message.event.order_id)).cloned());
            self.move_to(batch.next);
        }
    }

    async fn read_store(&mut self) -> Result<(), StoreError> {
        let scope = if self.scope.all {
            FeedScope::All
        } else {
            FeedScope::Orders(self.scope.named.iter().copied().collect())
        };
        let page = self.tail.read(&scope, self.read_to, PAGE).await?;
        self.is_at_end = page.beyond == PageEnd::Nothing;
        self.behind_from = match page.beyond {
            PageEnd::More => Some(Instant::now()),
            PageEnd::Unsettled if self.seeks_end => Some(Instant::now() + SETTLING),
            PageEnd::Unsettled | PageEnd::Nothing => None,
        };
        let tail = &self.tail;
        self.read.extend(page.events.into_iter().map(|fed| Arc::new(tail.message(fed))));
        self.move_to(page.next);
        Ok(())
    }

    fn move_to(&mut self, place: FeedCursor) {
        self.read_to = place;
        if self.read.is_empty() {
            self.cursor = place;
        }
    }
}
