//! A transaction log that lasts as long as the process: for tests and demonstrations.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use domain::{Signature, Timestamp, ports::Clock};

use super::{Entry, LandingOutcome, LogError, TransactionLog};

/// Entries in memory.
pub struct MemoryLog {
    clock: Arc<dyn Clock>,
    entries: Mutex<HashMap<Signature, Entry>>,
}

impl MemoryLog {
    /// An empty transaction log.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, entries: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Signature, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TransactionLog for MemoryLog {
    fn now(&self) -> Timestamp {
        self.clock.steady()
    }

    async fn record(&self, entry: Entry, valid_until: Timestamp) -> Result<Option<Entry>, LogError> {
        let mut entries = self.lock();
        let is_valid = self.clock.steady() < valid_until;
        if is_valid == entry.signed_bytes.is_some() {
            Ok(Some(entries.entry(entry.signature.clone()).or_insert(entry).clone()))
        } else {
            Ok(entries.get(&entry.signature).cloned())
        }
    }

    async fn find(&self, signature: &Signature) -> Result<Option<Entry>, LogError> {
        Ok(self.lock().get(signature).cloned())
    }

    async fn landed_since(&self, received_at: Timestamp) -> Result<Vec<Entry>, LogError> {
        let mut entries = self.entries().await?;
        entries.retain(|entry| {
            entry.received_at >= received_at && matches!(entry.outcome, LandingOutcome::Landed(_))
        });
        Ok(entries)
    }

    async fn entries(&self) -> Result<Vec<Entry>, LogError> {
        let mut entries: Vec<_> = self.lock().values().cloned().collect();
        entries.sort_by(|a, b| (a.received_at, &a.signature).cmp(&(b.received_at, &b.signature)));
        Ok(entries)
    }
}
