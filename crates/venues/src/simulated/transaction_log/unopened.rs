//! A transaction log that is opened when it is first read: for processes that can do without it.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Signature, Timestamp, ports::Clock};
use tokio::sync::OnceCell;

use super::{Entry, LogError, LogLocation, TransactionLog, open};

/// The log at a place. Every call tries to open it until one succeeds.
pub struct UnopenedLog {
    location: LogLocation,
    clock: Arc<dyn Clock>,
    opened: OnceCell<Arc<dyn TransactionLog>>,
}

impl UnopenedLog {
    /// The log at a place.
    pub fn new(location: LogLocation, clock: Arc<dyn Clock>) -> Self {
        Self { location, clock, opened: OnceCell::new() }
    }

    async fn opened(&self) -> Result<&dyn TransactionLog, LogError> {
        let opened = self.opened.get_or_try_init(|| open(&self.location, self.clock.clone())).await;
        opened.map(AsRef::as_ref).map_err(LogError::new)
    }
}

#[async_trait]
impl TransactionLog for UnopenedLog {
    fn now(&self) -> Timestamp {
        self.opened.get().map_or_else(|| self.clock.now(), |log| log.now())
    }

    async fn record(&self, entry: Entry, valid_until: Timestamp) -> Result<Option<Entry>, LogError> {
        self.opened().await?.record(entry, valid_until).await
    }

    async fn find(&self, signature: &Signature) -> Result<Option<Entry>, LogError> {
        self.opened().await?.find(signature).await
    }

    async fn landed_since(&self, received_at: Timestamp) -> Result<Vec<Entry>, LogError> {
        self.opened().await?.landed_since(received_at).await
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn entries(&self) -> Result<Vec<Entry>, LogError> {
        self.opened().await?.entries().await
    }
}
