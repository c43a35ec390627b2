//! Writes to the database: in groups, and one by one after a group has failed.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use batching::{Call, Reply};
use database::{Severity, within};
use domain::{OrderId, ports::StoreError};
use futures::StreamExt;
use metrics::histogram;
use telemetry::metrics::catalogue;
use tokio::{
    sync::{Mutex as AsyncMutex, Semaphore},
    time::{Instant, sleep},
};

use super::{
    health::Health,
    request::{Database, Patience, Write, Written, unavailable},
};

/// How long a transaction may take before its connection is closed. More than the server's own limit,
/// which a healthy server reports sooner.
const WRITE_WITHIN: Duration = Duration::from_secs(8);
/// How long a probe may take.
const PROBE_WITHIN: Duration = Duration::from_secs(4);
/// How often a transaction that lost a conflict is tried.
const MAX_TRIES: u32 = 3;
/// After this many writes of a failed group found their rows locked, the others are not tried one by
/// one any more: the table is locked.
const MAX_LOCKED: usize = 8;
/// How long the writes of an order whose write failed alone stay out of groups.
const APART_FOR: Duration = Duration::from_secs(10);
/// Writes that may wait for locked rows.
const MAX_SET_ASIDE: usize = 256;
/// The waits between two probes of a database that is down.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How long the result of a probe or a write counts.
const KNOWN_FOR: Duration = Duration::from_secs(1);

pub(super) type Answer = Result<Written, StoreError>;

/// A database, what is known of it, and which orders are kept out of groups.
pub(super) struct Lane<D> {
    pub(super) database: D,
    pub(super) health: Health,
    /// Orders whose last write failed alone, and until when their writes go alone.
    apart: Mutex<HashMap<OrderId, Instant>>,
    patient: Semaphore,
    set_aside: AtomicUsize,
    probed: AsyncMutex<Option<(Instant, Result<(), StoreError>)>>,
}

impl<D: Database> Lane<D> {
    pub(super) fn new(database: D) -> Arc<Self> {
        Arc::new(Self {
            patient: Semaphore::new(database.patient_writes()),
            database,
            health: Health::new(),
            apart: Mutex::default(),
            set_aside: AtomicUsize::new(0),
            probed: AsyncMutex::new(None),
        })
    }

    /// Writes a group. Every caller is answered as soon as its write is done. A write whose caller no longer
    /// waits is dropped: the caller was answered, or is gone.
    pub(super) async fn write(self: Arc<Self>, calls: Vec<Call<Write, Answer>>) {
        let (mut writes, mut replies) = (Vec::with_capacity(calls.len()), Vec::with_capacity(calls.len()));
        for Call { item, reply } in calls {
            if reply.is_abandoned() {
                continue;
            }
            if self.is_apart(&item) {
                self.set_aside(item, reply);
                continue;
            }
            writes.push(item);
            replies.push(reply);
        }
        if writes.is_empty() {
            return;
        }
        match self.attempt(&writes, Patience::Short).await {
            Ok(written) => {
                if writes.iter().any(|write| matches!(write, Write::Accept(_))) {
                    self.health.order_accepted();
                }
                replies.into_iter().zip(written).for_each(|(reply, written)| reply.send(written.answer()));
            }
            Err(error) if matches!(Severity::of(&error), Severity::Server | Severity::Lost) => {
                let error = unavailable(&error);
                for reply in replies {
                    reply.send(Err(error.clone()));
                }
            }
            Err(error) => {
                tracing::debug!(%error, writes = writes.len(), "a group failed; its writes go one by one");
                self.write_apart(writes, replies).await;
            }
        }
    }

    /// One transaction for each write, so that one that cannot be written costs the others nothing.
    async fn write_apart(self: &Arc<Self>, writes: Vec<Write>, replies: Vec<Reply<Answer>>) {
        let locked = AtomicUsize::new(0);
        let down = Mutex::new(None::<StoreError>);
        let calls = futures::stream::iter(writes.into_iter().zip(replies));
        calls
            .for_each_concurrent(D::BATCHES_IN_FLIGHT, |(write, reply)| {
                let (locked, down) = (&locked, &down);
                async move {
                    let known = down.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    if let Some(error) = known {
                        return reply.send(Err(error));
                    }
                    if locked.load(Ordering::Relaxed) >= MAX_LOCKED {
                        return self.set_aside(write, reply);
                    }
                    match self.attempt(std::slice::from_ref(&write), Patience::Short).await {
                        Ok(written) => reply.send(self.only(&write, written)),
                        Err(error) if is_locked(&error) => {
                            locked.fetch_add(1, Ordering::Relaxed);
                            self.failed_alone(&write, &unavailable(&error));
                            self.set_aside(write, reply);
                        }
                        Err(error) => {
                            let refusal = unavailable(&error);
                            match Severity::of(&error) {
                                Severity::Server | Severity::Lost => {
                                    *down.lock().unwrap_or_else(PoisonError::into_inner) =
                                        Some(refusal.clone());
                                }
                                _ => self.failed_alone(&write, &refusal),
                            }
                            reply.send(Err(refusal));
                        }
                    }
                }
            })
            .await;
    }

    /// Lets a write wait for a locked row where it holds up no other.
    fn set_aside(self: &Arc<Self>, write: Write, reply: Reply<Answer>) {
        if self.set_aside.fetch_add(1, Ordering::Relaxed) >= MAX_SET_ASIDE {
            self.set_aside.fetch_sub(1, Ordering::Relaxed);
            return reply.send(Err(StoreError::unavailable("too many writes wait for locked rows")));
        }
        let lane = self.clone();
        tokio::spawn(async move {
            if let Ok(_permit) = lane.patient.acquire().await
                && !reply.is_abandoned()
            {
                let written = lane.attempt(std::slice::from_ref(&write), Patience::Long).await;
                reply.send(match written {
                    Ok(written) => lane.only(&write, written),
                    Err(error) => {
                        let refusal = unavailable(&error);
                        lane.failed_alone(&write, &refusal);
                        Err(refusal)
                    }
                });
            }
            lane.set_aside.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// One transaction, again if the database has ended it in favour of another one.
    async fn attempt(
        self: &Arc<Self>,
        writes: &[Write],
        patience: Patience,
    ) -> Result<Vec<Written>, Arc<sqlx::Error>> {
        let began = Instant::now();
        let mut tries = 1;
        let written = {
            // One that waits for locks says nothing of the others.
            let _in_flight = (patience == Patience::Short).then(|| self.health.begin());
            loop {
                let written = within(WRITE_WITHIN, self.database.write_all(writes, patience)).await;
                match written.map_err(Arc::new) {
                    Err(error) if tries < MAX_TRIES && Severity::of(&error) == Severity::Conflict => {
                        tries += 1;
                    }
                    Ok(written) if tries > 1 => {
                        let answers = written.into_iter().zip(writes);
                        break Ok(answers.map(|(written, write)| written.after_another_try(write)).collect());
                    }
                    result => break result,
                }
            }
        };
        histogram!(catalogue::STORE_TRANSACTION).record(began.elapsed());
        histogram!(catalogue::STORE_GROUP).record(u32::try_from(writes.len()).unwrap_or(u32::MAX));
        match &written {
            Ok(_) => self.health.succeeded(),
            Err(error) => self.failed(error),
        }
        written
    }

    fn failed(self: &Arc<Self>, error: &Arc<sqlx::Error>) {
        if self.health.failed(error, unavailable(error)) {
            self.watch();
        }
    }

    /// Probes a database that is down until it works, whether there are writes or not.
    fn watch(self: &Arc<Self>) {
        let lane = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut wait = FIRST_WAIT;
            loop {
                sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
                let Some(lane) = lane.upgrade() else { return };
                if lane.health.outage().is_none() {
                    return; // a write has succeeded meanwhile
                }
                match within(PROBE_WITHIN, lane.database.probe()).await.map_err(Arc::new) {
                    Ok(()) => return lane.health.succeeded(),
                    Err(error) => drop(lane.health.failed(&error, unavailable(&error))),
                }
            }
        });
    }

    /// Whether orders can be written now: by what became of recent writes, and without any by a probe.
    pub(super) async fn ping(self: &Arc<Self>) -> Result<(), StoreError> {
        if let Some(error) = self.health.refusal() {
            return Err(error);
        }
        if self.health.has_succeeded_within(KNOWN_FOR) {
            return Ok(());
        }
        let mut probed = self.probed.lock().await;
        if let Some((at, known)) = &*probed
            && at.elapsed() < KNOWN_FOR
        {
            return known.clone();
        }
        let in_flight = self.health.begin();
        let result = within(PROBE_WITHIN, self.database.probe()).await.map_err(Arc::new);
        drop(in_flight);
        match &result {
            Ok(()) => self.health.succeeded(),
            Err(error) => self.failed(error),
        }
        let known = result.map_err(|error| unavailable(&error));
        *probed = Some((Instant::now(), known.clone()));
        known
    }

    /// The answer to a write that goes alone because its group has failed.
    fn only(&self, write: &Write, mut written: Vec<Written>) -> Answer {
        if matches!(write, Write::Accept(_)) {
            self.health.order_accepted();
        }
        let written = written.pop().ok_or_else(|| StoreError::unknown("a write gave no result"))?;
        written.after_another_try(write).answer()
    }

    fn failed_alone(&self, write: &Write, error: &StoreError) {
        if matches!(write, Write::Accept(_)) {
            self.health.order_refused(error.clone());
        }
        self.keep_apart(write);
    }

    fn keep_apart(&self, write: &Write) {
        if let Some(order) = write.order() {
            let mut apart = self.apart.lock().unwrap_or_else(PoisonError::into_inner);
            apart.retain(|_, until| *until > Instant::now());
            apart.insert(order, Instant::now() + APART_FOR);
        }
    }

    fn is_apart(&self, write: &Write) -> bool {
        let apart = self.apart.lock().unwrap_or_else(PoisonError::into_inner);
        let until = write.order().and_then(|order| apart.get(&order));
        until.is_some_and(|until| *until > Instant::now())
    }
}

/// Whether the database gave up waiting for a lock.
fn is_locked(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.as_deref() == Some("55P03")
}
