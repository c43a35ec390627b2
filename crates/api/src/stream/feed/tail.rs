use std::{sync::Arc, time::Duration};

use domain::{
    AccountId,
    ports::{EventFeed, FeedCursor, FeedEvent, FeedPage, FeedScope, PageEnd, StoreError, Tokens},
};
use tokio::{
    sync::{Notify, Semaphore, broadcast},
    time::{Instant, sleep, sleep_until, timeout},
};

use super::FeedMessage;
use crate::pause::StorePause;

/// Events read at once.
const PAGE: u32 = 512;
/// Batches that wait for a reader before it loses the oldest and reads the store itself.
const BACKLOG: usize = 64;
/// The least time between two reads, so that under load each brings many events.
const READ_EVERY: Duration = Duration::from_millis(5);
/// Pauses before events are asked for again that are not settled yet: the first, and the longest.
const SETTLING: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(50));
/// Readers that read the store at once; after an outage all of them want to.
const CONCURRENT_READS: usize = 16;

/// A part of the feed without gaps: every event after `after`, up to `next`.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) after: FeedCursor,
    pub(super) events: Vec<Arc<FeedMessage>>,
    pub(super) next: FeedCursor,
}

/// Reads the end of an account's feed once for all its followers in this process, and rests while
/// no message comes.
pub(crate) struct Tail {
    store: Arc<dyn EventFeed>,
    tokens: Arc<dyn Tokens>,
    account: AccountId,
    check_every: Duration,
    wake: Notify,
    batches: broadcast::Sender<Arc<Batch>>,
    reads: Semaphore,
}

impl Tail {
    /// A tail that reads nothing before [`Tail::run`]. It reads the store when it is woken, and
    /// every `check_every` in case a message was lost.
    pub(crate) fn new(
        store: Arc<dyn EventFeed>,
        tokens: Arc<dyn Tokens>,
        account: AccountId,
        check_every: Duration,
    ) -> Self {
        let batches = broadcast::Sender::new(BACKLOG);
        let reads = Semaphore::new(CONCURRENT_READS);
        Self { store, tokens, account, check_every, wake: Notify::new(), batches, reads }
    }

    /// An event as it is sent.
    pub(super) fn message(&self, fed: FeedEvent) -> FeedMessage {
        FeedMessage::new(fed, self.tokens.clone())
    }

    /// Something happened, or may have.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// How many connections follow it.
    pub(crate) fn readers(&self) -> usize {
        self.batches.receiver_count()
    }

    /// Everything from a place on that the first batch names. What is before that place is read with
    /// [`Tail::read`], afterwards.
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Arc<Batch>> {
        let batches = self.batches.subscribe();
        self.wake(); // it may rest
        batches
    }

    /// A page of the feed.
    pub(super) async fn read(
        &self,
        scope: &FeedScope,
        after: FeedCursor,
        limit: u32,
    ) -> Result<FeedPage, StoreError> {
        let _turn = self.reads.acquire().await.map_err(StoreError::unavailable)?;
        self.store.feed(self.account, scope, after, limit).await
    }

    /// Sends new events, for ever.
    pub(crate) async fn run(&self) {
        loop {
            while self.readers() == 0 {
                self.wake.notified().await;
            }
            self.follow().await;
        }
    }

    /// Sends new events until no subscriber is left.
    async fn follow(&self) {
        let mut pause = StorePause::new();
        let mut at = loop {
            match self.store.feed_end().await {
                Ok(end) => break end,
                Err(error) => self.wait_for_store(&mut pause, &error).await,
            }
        };
        // Subscribers have read up to some earlier position; from here on nothing is left out.
        self.send(Batch { after: at, events: Vec::new(), next: at });
        let (mut sent_to, mut settling) = (at, SETTLING.0);
        pause.reset();
        while self.readers() > 0 {
            let began = Instant::now();
            let page = match self.store.feed(self.account, &FeedScope::All, at, PAGE).await {
                Ok(page) => page,
                Err(error) => {
                    self.wait_for_store(&mut pause, &error).await;
                    continue;
                }
            };
            pause.reset();
            at = page.next;
            if !page.events.is_empty() {
                let events = page.events.into_iter().map(|fed| Arc::new(self.message(fed))).collect();
                self.send(Batch { after: sent_to, events, next: at });
                sent_to = at;
            }
            match page.beyond {
                PageEnd::More => continue,
                PageEnd::Unsettled => {
                    sleep(settling).await;
                    settling = (settling * 2).min(SETTLING.1);
                }
                PageEnd::Nothing => {
                    settling = SETTLING.0;
                    // an elapsed wait checks for events whose message was lost
                    let _ = timeout(self.check_every, self.wake.notified()).await;
                }
            }
            sleep_until(began + READ_EVERY).await;
        }
    }

    async fn wait_for_store(&self, pause: &mut StorePause, error: &StoreError) {
        tracing::debug!(%error, "the feed waits for the store");
        sleep(pause.next()).await;
    }

    fn send(&self, batch: Batch) {
        let _ = self.batches.send(Arc::new(batch)); // the last reader is just leaving
    }
}
