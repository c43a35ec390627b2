//! What this process counts of all orders: rates, latencies, shares and causes of the last day.
//!
//! The event bus brings the events. What it does not bring, and what happened before the process started, is
//! read from the store, an order at a time. Every event counts once, whichever way it comes.

mod lives;
mod ring;
mod slot;
mod tally;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    AccountId, Event, Order, OrderEvent, OrderId, Timestamp,
    ports::{Clock, OrderFilter, OrderReads, StoreError},
};
use protocol::{StatisticsView, StatisticsWindow};
use tokio::{sync::Notify, time::sleep};

use self::{
    lives::{Lives, Seen},
    tally::Tally,
};
use crate::{history::events_after, pause::StorePause};

/// Orders whose events are read from the store at the start, and after the bus was interrupted.
const MOST_READ: usize = 5_000;
/// How far back orders are read.
const READ_BACK: Duration = Duration::from_hours(24);
const PAGE: u32 = 200;
/// The store serves orders first: between two orders that are read.
const BETWEEN_READS: Duration = Duration::from_millis(1);

pub(crate) struct Statistics {
    store: Arc<dyn OrderReads>,
    clock: Arc<dyn Clock>,
    account: AccountId,
    record: Mutex<Record>,
    /// There is something to read from the store.
    behind: Notify,
}

struct Record {
    tally: Tally,
    lives: Lives,
    /// Orders of which events are missing.
    behind: BTreeSet<OrderId>,
    /// The newest orders must be compared with the store.
    is_interrupted: bool,
    /// Everything that happened from here on was counted.
    since: Timestamp,
}

impl Statistics {
    pub(crate) fn new(store: Arc<dyn OrderReads>, clock: Arc<dyn Clock>, account: AccountId) -> Self {
        let record = Record {
            tally: Tally::new(),
            lives: Lives::default(),
            behind: BTreeSet::new(),
            is_interrupted: true,
            since: clock.now(),
        };
        Self { store, clock, account, record: Mutex::new(record), behind: Notify::new() }
    }

    /// Counts an event from the bus.
    pub(crate) fn observe(&self, event: &OrderEvent) {
        if event.account != self.account {
            return;
        }
        let mut record = self.lock();
        if record.see(event.order_id, &event.event) == Seen::Gap {
            record.note_behind(event.order_id);
            self.behind.notify_one();
        }
    }

    /// Events may have been lost.
    pub(crate) fn interrupted(&self) {
        self.lock().is_interrupted = true;
        self.behind.notify_one();
    }

    /// Reads from the store what the bus does not bring, for ever.
    pub(crate) async fn run(&self) {
        let mut pause = StorePause::new();
        loop {
            match self.catch_up().await {
                Ok(()) => {
                    pause.reset();
                    self.behind.notified().await;
                }
                Err(error) => {
                    tracing::debug!(%error, "the statistics wait for the store");
                    sleep(pause.next()).await;
                }
            }
        }
    }

    async fn catch_up(&self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.lock().is_interrupted) {
            let compared = self.compare().await;
            if compared.is_err() {
                self.lock().is_interrupted = true;
            }
            compared?;
        }
        loop {
            // the newest first: they are of most interest, and the oldest are dropped first
            let Some(id) = self.lock().behind.last().copied() else { return Ok(()) };
            let after = self.lock().lives.last_seq(id);
            let events = events_after(self.store.as_ref(), self.account, id, after).await?;
            self.lock().catch_up(id, &events);
            sleep(BETWEEN_READS).await;
        }
    }

    /// Finds the orders of which events are missing.
    async fn compare(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let earliest = Timestamp::from_unix_micros(
            now.unix_micros() - i64::try_from(READ_BACK.as_micros()).unwrap_or_default(),
        );
        let (mut cursor, mut read, mut oldest) = (None, 0, None);
        while read < MOST_READ {
            let filter = OrderFilter { cursor, from: Some(earliest), ..OrderFilter::newest(PAGE) };
            let page = self.store.orders(self.account, filter).await?;
            self.lock().compare(&page.orders);
            oldest = page.orders.last().map_or(oldest, |order| Some(order.created_at));
            read += page.orders.len();
            cursor = page.next;
            if cursor.is_none() {
                oldest = Some(earliest); // there are no others
                break;
            }
        }
        let mut record = self.lock();
        record.since = record.since.min(oldest.unwrap_or(now));
        Ok(())
    }

    /// The figures of a window that ends now.
    pub(crate) fn view(&self, window: StatisticsWindow) -> StatisticsView<'static> {
        let now = self.clock.now();
        let record = self.lock();
        record.tally.view(window, now, record.since)
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        // a panic cannot leave counts that are worse than approximate
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    fn see(&mut self, id: OrderId, event: &Event) -> Seen {
        let seen = self.lives.see(id, event);
        if let Seen::Next(before) = seen {
            self.tally.count(event, before);
        }
        seen
    }

    fn catch_up(&mut self, id: OrderId, events: &[Event]) {
        self.behind.remove(&id);
        for event in events {
            self.see(id, event);
        }
    }

    fn compare(&mut self, stored: &[Order]) {
        for order in stored {
            if self.lives.last_seq(order.id) < order.last_seq {
                self.note_behind(order.id);
            }
        }
    }

    fn note_behind(&mut self, id: OrderId) {
        self.behind.insert(id);
        while self.behind.len() > MOST_READ {
            self.behind.pop_first();
        }
    }
}

#[cfg(test)]
mod tests;
