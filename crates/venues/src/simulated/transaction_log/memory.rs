//! A transaction log that lasts as long as the process: for tests and demonstrations.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use domain::{Address, Signature, Timestamp, ports::Clock};

use super::{Entry, LandingOutcome, LogError, TransactionLog};

/// Entries in memory.
pub struct MemoryLog {
    clock: Arc<dyn Clock>,
    written: Mutex<Written>,
}

#[derive(Default)]
struct Written {
    entries: HashMap<Signature, Entry>,
    open_accounts: HashSet<Address>,
}

impl Written {
    fn record(&mut self, entry: Entry) -> Entry {
        if let Some(there) = self.entries.get(&entry.signature) {
            return there.clone();
        }
        let opened = entry.accounts.iter().filter(|account| self.open_accounts.insert(**account)).count();
        let entry = entry.having_opened(opened as u64);
        self.entries.insert(entry.signature.clone(), entry.clone());
        entry
    }
}

impl MemoryLog {
    /// An empty transaction log.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, written: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TransactionLog for MemoryLog {
    fn now(&self) -> Timestamp {
        self.clock.steady()
    }

    async fn record(&self, entry: Entry, valid_until: Timestamp) -> Result<Option<Entry>, LogError> {
        let mut written = self.lock();
        let is_valid = self.clock.steady() < valid_until;
        if is_valid == entry.signed_bytes.is_some() {
            Ok(Some(written.record(entry)))
        } else {
            Ok(written.entries.get(&entry.signature).cloned())
        }
    }

    async fn find(&self, signature: &Signature) -> Result<Option<Entry>, LogError> {
        Ok(self.lock().entries.get(signature).cloned())
    }

    async fn landed_since(&self, received_at: Timestamp) -> Result<Vec<Entry>, LogError> {
        let mut entries = self.entries().await?;
        entries.retain(|entry| {
            entry.received_at >= received_at && matches!(entry.outcome, LandingOutcome::Landed(_))
        });
        Ok(entries)
    }

    async fn entries(&self) -> Result<Vec<Entry>, LogError> {
        let mut entries: Vec<_> = self.lock().entries.values().cloned().collect();
        entries.sort_by(|a, b| (a.received_at, &a.signature).cmp(&(b.received_at, &b.signature)));
        Ok(entries)
    }
}
