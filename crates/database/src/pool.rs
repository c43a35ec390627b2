use std::{
    fmt,
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use sqlx::Connection;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, futures::Notified},
    time::{sleep, timeout},
};

use crate::{Lease, severity::not_opened, unfit, within};

/// Fails unless a connection is usable by its pool now. Runs on every connection that was just
/// opened, and of an idle one before it is used again.
pub type Probe<C> = for<'a> fn(&'a mut C) -> BoxFuture<'a, sqlx::Result<()>>;

/// How a pool behaves.
#[derive(Debug, Clone, Copy)]
pub struct PoolOptions {
    pub max_connections: usize,
    /// How long a caller waits for a connection, whether one that exists or a new one.
    pub patience: Duration,
    /// How long a probe may take.
    pub probe_within: Duration,
    /// A connection used more recently than this is not probed, which would cost a round trip per use.
    pub trusted_for: Duration,
    /// An idle connection is closed after this time.
    pub idle_for: Duration,
    /// A connection is closed after this time, however much it is used.
    pub max_age: Duration,
}

impl PoolOptions {
    /// At most `max_connections`, and times that suit a server in the same network.
    pub fn new(max_connections: usize) -> Self {
        Self {
            max_connections,
            patience: Duration::from_secs(3),
            probe_within: Duration::from_secs(1),
            trusted_for: Duration::from_secs(1),
            idle_for: Duration::from_mins(10),
            max_age: Duration::from_mins(30),
        }
    }
}

/// How long a caller waits for a connection in use before a new one is opened.
const SOON: Duration = Duration::from_millis(10);
/// How long a new connection may take to open before one that is returned meanwhile is taken instead. One that is given
/// up half-way has cost the server a process and an authentication for nothing, and a busy pool would never grow.
const OPENS_WITHIN: Duration = Duration::from_millis(250);
/// The waits between attempts to open a connection.
const FIRST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// Connections that are opened on demand. Cheap to clone.
///
/// Not `SQLx`' own pool, because that one gives a dropped connection back by default, pings it then
/// without a deadline while it keeps its slot, hides the server's own error behind a timeout, and lets a
/// caller fail over a connection that cannot be opened while another one becomes free.
pub struct Pool<C: Connection>(Arc<Shared<C>>);

impl<C: Connection> Clone for Pool<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C: Connection> fmt::Debug for Pool<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").field("options", &self.0.options).finish_non_exhaustive()
    }
}

type Open<C> = Box<dyn Fn() -> BoxFuture<'static, sqlx::Result<C>> + Send + Sync>;

pub(crate) struct Shared<C> {
    options: PoolOptions,
    open: Open<C>,
    probe: Probe<C>,
    slots: Arc<Semaphore>,
    idle: Mutex<Free<C>>,
    returned: Notify,
}

struct Free<C> {
    /// Most recently used last.
    connections: Vec<Idle<C>>,
    /// Connections that are idle since before this time are probed before they are used.
    suspect_before: Option<Instant>,
}

pub(crate) struct Idle<C> {
    pub(crate) connection: C,
    pub(crate) opened: Instant,
    pub(crate) since: Instant,
}

impl<C: Connection + Send + 'static> Pool<C> {
    /// A pool whose connections `open` makes and `probe` tests. None is opened yet.
    pub fn new<F, Fut>(options: PoolOptions, probe: Probe<C>, open: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = sqlx::Result<C>> + Send + 'static,
    {
        Self(Arc::new(Shared {
            options,
            open: Box::new(move || Box::pin(open())),
            probe,
            slots: Arc::new(Semaphore::new(options.max_connections)),
            idle: Mutex::new(Free { connections: Vec::new(), suspect_before: None }),
            returned: Notify::new(),
        }))
    }

    /// A connection: an idle one that passes its probe, else a new one, or one that is given back
    /// meanwhile.
    ///
    /// # Errors
    /// After [`PoolOptions::patience`]: the last error of opening one, or that all were in use. It is
    /// never [`Severity::Lost`](crate::Severity::Lost): nothing was written.
    pub async fn lease(&self) -> sqlx::Result<Lease<C>> {
        let mut last_error = None;
        let leased = timeout(self.0.options.patience, self.take(&mut last_error)).await;
        leased.unwrap_or_else(|_| {
            let waited = self.0.options.patience.as_millis();
            Err(last_error.map_or_else(|| unfit(format!("no connection within {waited} ms")), not_opened))
        })
    }

    /// Closes the idle connections; those on loan are closed or given back as usual.
    pub async fn close_idle(&self) {
        let idle = std::mem::take(&mut self.0.free().connections);
        for Idle { connection, .. } in idle {
            let closed = timeout(self.0.options.probe_within, connection.close()).await;
            tracing::debug!(?closed, "closed an idle connection");
        }
    }

    async fn take(&self, last_error: &mut Option<sqlx::Error>) -> sqlx::Result<Lease<C>> {
        let slot = self.0.slots.clone().acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        let mut wait = FIRST_WAIT;
        loop {
            let mut returned = pin!(self.0.returned.notified());
            returned.as_mut().enable();
            if let Some(idle) = self.0.pop() {
                if let Some(connection) = self.0.checked(idle).await {
                    return Ok(self.lend(connection, slot));
                }
                continue;
            }
            if self.0.is_in_use() && timeout(SOON, &mut returned).await.is_ok() {
                continue;
            }
            let Some(opened) = self.0.opened_unless(returned.as_mut()).await else { continue };
            match opened {
                Ok(connection) => {
                    let opened = Instant::now();
                    return Ok(Lease::new(connection, opened, self.0.clone(), slot));
                }
                Err(error) => {
                    tracing::debug!(%error, "no connection to the database");
                    *last_error = Some(error);
                }
            }
            tokio::select! {
                () = &mut returned => {}
                () = sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
            }
        }
    }

    fn lend(&self, idle: Idle<C>, slot: OwnedSemaphorePermit) -> Lease<C> {
        Lease::new(idle.connection, idle.opened, self.0.clone(), slot)
    }
}

impl<C: Connection + Send + 'static> Shared<C> {
    /// A new connection, or the error of opening it; `None` if it takes long and another one is returned.
    async fn opened_unless(&self, returned: Pin<&mut Notified<'_>>) -> Option<sqlx::Result<C>> {
        let mut opening = pin!(self.open_new());
        if let Ok(opened) = timeout(OPENS_WITHIN, &mut opening).await {
            return Some(opened);
        }
        tokio::select! {
            () = returned => None,
            opened = opening => Some(opened),
        }
    }

    fn free(&self) -> MutexGuard<'_, Free<C>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn put(&self, idle: Idle<C>) {
        if idle.opened.elapsed() < self.options.max_age {
            let mut free = self.free();
            let idle_for = self.options.idle_for;
            free.connections.retain(|idle| idle.since.elapsed() < idle_for);
            free.connections.push(idle);
        }
        self.returned.notify_one();
    }

    pub(crate) fn suspect(&self) {
        self.free().suspect_before = Some(Instant::now());
    }

    /// Whether others than the caller, who has a slot, have a connection or wait for one.
    fn is_in_use(&self) -> bool {
        self.slots.available_permits() + 1 < self.options.max_connections
    }

    fn pop(&self) -> Option<Idle<C>> {
        self.free().connections.pop()
    }

    /// A usable idle connection. If the first one is not usable, all connections idle at the time are closed.
    async fn checked(&self, mut idle: Idle<C>) -> Option<Idle<C>> {
        let is_suspect = self.free().suspect_before.is_some_and(|before| idle.since <= before);
        if !is_suspect && idle.since.elapsed() < self.options.trusted_for {
            return Some(idle);
        }
        match within(self.options.probe_within, (self.probe)(&mut idle.connection)).await {
            Ok(()) => Some(idle),
            Err(error) => {
                tracing::debug!(%error, "closing idle connections that failed a probe");
                self.free().connections.retain(|other| other.since > idle.since);
                None
            }
        }
    }

    async fn open_new(&self) -> sqlx::Result<C> {
        let mut connection = (self.open)().await?;
        (self.probe)(&mut connection).await?;
        Ok(connection)
    }
}
