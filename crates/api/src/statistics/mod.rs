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
    lives::{Lives, Seen, Times},
    tally::Tally,
};
use crate::{history::events_after, pause::StorePause};

/// Orders whose events are read from the store at the start, and after the bus was interrupted.
const MOST_READ: usize = 5_000;
/// How far back orders are read.
const READ_BACK: Duration = Duration::from_hours(24);
const PAGE: u32 = 200;
/// Orders that are remembered after their end, beside those that are unfinished.
const ENDED: usize = 20_000;
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
    /// Events are missing that are being read.
    is_catching_up: bool,
    /// Everything that happened from here on was counted, once what is being read has been; `None` before the first
    /// comparison.
    since: Option<Timestamp>,
}

impl Statistics {
    /// Statistics of an account that has so many unfinished orders at most.
    pub(crate) fn new(
        store: Arc<dyn OrderReads>,
        clock: Arc<dyn Clock>,
        account: AccountId,
        unfinished: usize,
    ) -> Self {
        let record = Record {
            tally: Tally::new(),
            lives: Lives::new(unfinished.saturating_add(ENDED)),
            behind: BTreeSet::new(),
            is_interrupted: true,
            is_catching_up: true,
            since: None,
        };
        Self { store, clock, account, record: Mutex::new(record), behind: Notify::new() }
    }

    /// Counts an event from the bus.
    pub(crate) fn observe(&self, event: &OrderEvent) {
        if event.account != self.account {
            return;
        }
        let mut record = self.lock();
        match record.lives.see(event.order_id, &event.event) {
            Seen::Next(before) => record.count(&event.event, before),
            Seen::Gap => {
                record.note_behind(event.order_id, self.clock.now());
                self.behind.notify_one();
            }
            Seen::Lost => record.miss_until(event.event.at),
            Seen::Known => {}
        }
    }

    /// Events may have been lost.
    pub(crate) fn interrupted(&self) {
        self.lock().interrupted();
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
                self.lock().interrupted();
            }
            compared?;
        }
        loop {
            // The newest first: they are of most interest, and the oldest are dropped first. Not noted while it is
            // read, so that an event that comes meanwhile can note it again.
            let Some((id, after)) = self.lock().take_behind() else { return Ok(()) };
            match events_after(self.store.as_ref(), self.account, id, after).await {
                Ok(events) => self.lock().catch_up(id, &events),
                Err(error) => {
                    self.lock().note_behind(id, self.clock.now());
                    return Err(error);
                }
            }
            sleep(BETWEEN_READS).await;
        }
    }

    /// Finds the orders of which events are missing.
    async fn compare(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let earliest = Timestamp::from_unix_micros(
            now.unix_micros() - i64::try_from(READ_BACK.as_micros()).unwrap_or_default(),
        );
        let (mut cursor, mut read, mut oldest) = (None, 0, now);
        while read < MOST_READ {
            let filter = OrderFilter { cursor, from: Some(earliest), ..OrderFilter::newest(PAGE) };
            let page = self.store.orders(self.account, filter).await?;
            self.lock().compare(&page.orders, now);
            oldest = page.orders.last().map_or(oldest, |order| order.created_at);
            read += page.orders.len();
            cursor = page.next;
            if cursor.is_none() {
                oldest = earliest; // there are no others
                break;
            }
        }
        self.lock().compared(oldest);
        Ok(())
    }

    /// The figures of a window that ends now.
    pub(crate) fn view(&self, window: StatisticsWindow) -> StatisticsView<'static> {
        let now = self.clock.now();
        let record = self.lock();
        let since = record.since.filter(|_| !record.is_catching_up);
        record.tally.view(window, now, since.unwrap_or(now))
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        // a panic cannot leave counts that are worse than approximate
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    fn count(&mut self, event: &Event, before: Option<Times>) {
        self.tally.count(event, before);
        if self.lives.forget() {
            self.miss_until(event.at);
        }
    }

    /// What happened before a time is not counted in full.
    fn miss_until(&mut self, at: Timestamp) {
        self.since = self.since.max(Some(at));
    }

    fn interrupted(&mut self) {
        self.is_interrupted = true;
        self.is_catching_up = true;
    }

    /// The newest orders were compared, back to one of this time. Of older ones events may be missing.
    fn compared(&mut self, oldest: Timestamp) {
        self.miss_until(oldest);
        self.note_caught_up();
    }

    fn note_caught_up(&mut self) {
        if self.behind.is_empty() && !self.is_interrupted {
            self.is_catching_up = false;
        }
    }

    /// An order of which events are missing, and the last one that was counted.
    fn take_behind(&mut self) -> Option<(OrderId, u32)> {
        let id = self.behind.pop_last()?;
        Some((id, self.lives.last_seq(id)))
    }

    fn catch_up(&mut self, id: OrderId, events: &[Event]) {
        let is_countable = events.last().is_some_and(|latest| !self.lives.is_forgotten(id, latest.at));
        for event in events.iter().filter(|_| is_countable) {
            if let Seen::Next(before) = self.lives.next(id, event) {
                self.count(event, before);
            }
        }
        self.note_caught_up();
    }

    fn compare(&mut self, stored: &[Order], now: Timestamp) {
        for order in stored {
            let is_forgotten = self.lives.is_forgotten(order.id, order.updated_at);
            if !is_forgotten && self.lives.last_seq(order.id) < order.last_seq {
                self.note_behind(order.id, now);
            }
        }
    }

    fn note_behind(&mut self, id: OrderId, now: Timestamp) {
        self.behind.insert(id);
        while self.behind.len() > MOST_READ {
            self.behind.pop_first();
            self.miss_until(now); // unless something else happens to it
        }
    }
}

#[cfg(test)]
mod tests;
