//! Connection slots.

use std::{sync::Arc, time::Duration};

use telemetry::Outage;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};

use crate::config::RESERVED_CONNECTIONS;

/// The pause after a connection could not be accepted, as when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A connection's right to be served.
pub(super) struct Slot {
    pub(super) permit: OwnedSemaphorePermit,
    /// Whether it is one of the reserve, beyond the limit.
    pub(super) is_reserve: bool,
}

/// The slots of a listener.
pub(super) struct Slots {
    ordinary: Arc<Semaphore>,
    reserve: Arc<Semaphore>,
    limit: usize,
    full: Outage,
    accepting: Outage,
}

impl Slots {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            ordinary: Arc::new(Semaphore::new(limit)),
            reserve: Arc::new(Semaphore::new(RESERVED_CONNECTIONS)),
            limit,
            full: Outage::new("connection slots"),
            accepting: Outage::new("accepting connections"),
        }
    }

    /// The next connection. While even the reserve is taken, none is accepted; its connections are
    /// short.
    pub(super) async fn accept(&self, listener: &TcpListener) -> Option<(TcpStream, Slot)> {
        let (permit, is_reserve) = tokio::select! {
            biased;
            permit = self.ordinary.clone().acquire_owned() => (permit, false),
            permit = self.reserve.clone().acquire_owned() => (permit, true),
        };
        let slot = Slot { permit: permit.ok()?, is_reserve };
        let stream = self.connection(listener).await;
        Some((stream, self.best(slot)))
    }

    async fn connection(&self, listener: &TcpListener) -> TcpStream {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    self.accepting.over();
                    return stream;
                }
                Err(error) => {
                    self.accepting.failed(error);
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// An ordinary slot instead of one of the reserve, if one became free before this connection arrived.
    fn best(&self, slot: Slot) -> Slot {
        if slot.is_reserve {
            if let Ok(permit) = self.ordinary.clone().try_acquire_owned() {
                return Slot { permit, is_reserve: false };
            }
            self.full.failed(format_args!("all {} (API_MAX_CONNECTIONS) are taken", self.limit));
        } else if self.ordinary.available_permits() > self.limit / 10 {
            self.full.over(); // not at the first free one: a full server loses and gains one all the time
        }
        slot
    }
}
