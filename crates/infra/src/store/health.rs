//! Whether orders can be written now, judged by recent writes.

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use database::Severity;
use domain::ports::StoreError;
use tokio::time::Instant;

use telemetry::Outage;

/// A transaction that takes longer than this, with no other one done meanwhile, is taken for an outage:
/// new orders are refused at once instead of waiting for the same silence.
const STALLED_AFTER: Duration = Duration::from_secs(2);
/// Orders refused one after another, each written alone, by a database that works otherwise: a right that
/// was revoked, a partition that is missing, a table that is locked.
const REFUSED_IN_A_ROW: u32 = 3;
/// How long such refusals count; then an order is tried again.
const REFUSALS_COUNT_FOR: Duration = Duration::from_secs(2);

/// What recent writes show.
pub(super) struct Health {
    outage: Outage,
    seen: Mutex<Seen>,
    next: AtomicU64,
    refused: AtomicU32,
}

#[derive(Default)]
struct Seen {
    /// When each transaction that is under way began.
    in_flight: BTreeMap<u64, Instant>,
    succeeded: Option<Instant>,
    /// Why the last one failed, while the database is down.
    reason: Option<StoreError>,
    /// When an order was last refused by the database.
    refused: Option<(Instant, StoreError)>,
}

/// A transaction that is under way.
pub(super) struct InFlight<'a> {
    health: &'a Health,
    number: u64,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.health.seen().in_flight.remove(&self.number);
    }
}

impl Health {
    pub(super) fn new() -> Self {
        Self {
            outage: Outage::new("order store"),
            seen: Mutex::default(),
            next: AtomicU64::new(0),
            refused: AtomicU32::new(0),
        }
    }

    /// A transaction begins.
    pub(super) fn begin(&self) -> InFlight<'_> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.seen().in_flight.insert(number, Instant::now());
        InFlight { health: self, number }
    }

    /// A transaction is durable.
    pub(super) fn succeeded(&self) {
        let mut seen = self.seen();
        (seen.succeeded, seen.reason) = (Some(Instant::now()), None);
        self.outage.over();
    }

    /// A transaction failed. Returns whether this started an outage.
    pub(super) fn failed(&self, error: &sqlx::Error, refusal: StoreError) -> bool {
        if !matches!(Severity::of(error), Severity::Server | Severity::Lost) {
            return false;
        }
        let is_deadline = matches!(error, sqlx::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut);
        if is_deadline && self.has_succeeded_within(STALLED_AFTER) {
            return false; // one connection fell silent, others work
        }
        self.seen().reason = Some(refusal);
        let begins = !self.outage.is_down();
        self.outage.failed(error);
        begins
    }

    /// The database took an order, alone or with others.
    pub(super) fn order_accepted(&self) {
        self.refused.store(0, Ordering::Relaxed);
    }

    /// The database refused an order that was written alone.
    pub(super) fn order_refused(&self, error: StoreError) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.seen().refused = Some((Instant::now(), error));
    }

    /// Whether a transaction succeeded that recently.
    pub(super) fn has_succeeded_within(&self, time: Duration) -> bool {
        self.seen().succeeded.is_some_and(|succeeded| succeeded.elapsed() < time)
    }

    /// How long the oldest transaction has been under way.
    pub(super) fn oldest(&self) -> Duration {
        self.seen().oldest()
    }

    /// Why a new order cannot be written now.
    pub(super) fn refusal(&self) -> Option<StoreError> {
        self.outage().or_else(|| self.refusals())
    }

    /// Why nothing can be written now.
    pub(super) fn outage(&self) -> Option<StoreError> {
        let seen = self.seen();
        if self.outage.is_down() {
            return seen.reason.as_ref().map(|reason| {
                StoreError::unavailable(format!("nothing can be written at the moment ({reason})"))
            });
        }
        let oldest = seen.oldest();
        let is_stalled = oldest > STALLED_AFTER
            && seen.succeeded.is_none_or(|succeeded| succeeded.elapsed() > STALLED_AFTER);
        is_stalled.then(|| {
            StoreError::unavailable(format!("a write has had no answer for {} ms", oldest.as_millis()))
        })
    }

    /// Why orders are not written although the database works.
    fn refusals(&self) -> Option<StoreError> {
        let seen = self.seen();
        let (at, error) = seen.refused.as_ref()?;
        let counts = at.elapsed() < REFUSALS_COUNT_FOR;
        (counts && self.refused.load(Ordering::Relaxed) >= REFUSED_IN_A_ROW).then(|| error.clone())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn oldest(&self) -> Duration {
        self.in_flight.values().next().map_or(Duration::ZERO, Instant::elapsed)
    }
}
