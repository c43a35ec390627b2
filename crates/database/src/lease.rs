use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Instant,
};

use sqlx::Connection;
use tokio::sync::OwnedSemaphorePermit;

use crate::pool::{Idle, Shared};

/// A connection on loan. Dropping it closes it; [`Self::give_back`] returns it to the pool.
///
/// Closing by default is what makes failures harmless: whatever ends the work early, be it an error, a
/// deadline or a caller that goes away, ends the connection too.
pub struct Lease<C: Connection + Send + 'static> {
    /// `None` once it was given back.
    connection: Option<C>,
    opened: Instant,
    pool: Arc<Shared<C>>,
    /// Kept until the connection is closed or back.
    _slot: OwnedSemaphorePermit,
}

impl<C: Connection + Send + 'static> Lease<C> {
    pub(crate) fn new(
        connection: C,
        opened: Instant,
        pool: Arc<Shared<C>>,
        slot: OwnedSemaphorePermit,
    ) -> Self {
        Self { connection: Some(connection), opened, pool, _slot: slot }
    }

    /// Returns the connection to the pool after its work has succeeded, and passes on the result.
    pub fn give_back<T>(mut self, result: T) -> T {
        if let Some(connection) = self.connection.take() {
            self.pool.put(Idle { connection, opened: self.opened, since: Instant::now() });
        }
        result
    }
}

impl<C: Connection + Send + 'static> Deref for Lease<C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.connection.as_ref().expect("a lease that was given back cannot be reached")
    }
}

impl<C: Connection + Send + 'static> DerefMut for Lease<C> {
    fn deref_mut(&mut self) -> &mut C {
        self.connection.as_mut().expect("a lease that was given back cannot be reached")
    }
}

impl<C: Connection + Send + 'static> Drop for Lease<C> {
    fn drop(&mut self) {
        if self.connection.take().is_some() {
            // The other connections may be broken too: they are probed before their next use.
            self.pool.suspect();
        }
    }
}
