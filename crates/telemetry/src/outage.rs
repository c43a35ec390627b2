//! Logs an outage once when it starts and once when it ends.

use std::{
    fmt::Display,
    sync::atomic::{AtomicBool, Ordering},
};

/// The outage of one component. However often a call fails meanwhile, the log has two lines: one when
/// it starts and one when it ends. What fails in between is logged at `debug`.
pub struct Outage {
    component: &'static str,
    is_down: AtomicBool,
}

impl Outage {
    /// `component` is what the log lines name, such as "job queue".
    pub const fn new(component: &'static str) -> Self {
        Self { component, is_down: AtomicBool::new(false) }
    }

    /// A call failed.
    pub fn failed(&self, error: impl Display) {
        if self.is_down.swap(true, Ordering::Relaxed) {
            tracing::debug!(%error, "{} still unavailable", self.component);
        } else {
            tracing::warn!(%error, "{} unavailable; retrying until it is back", self.component);
        }
    }

    /// A call succeeded.
    pub fn over(&self) {
        if self.is_down.swap(false, Ordering::Relaxed) {
            tracing::info!("{} available again", self.component);
        }
    }

    /// Whether the last call failed.
    pub fn is_down(&self) -> bool {
        self.is_down.load(Ordering::Relaxed)
    }
}
