use std::sync::atomic::{AtomicBool, Ordering};

use telemetry::Outage;

/// Whether jobs are being taken.
pub(super) struct ConsumerState {
    consuming: AtomicBool,
    pub(super) outage: Outage,
}

impl ConsumerState {
    /// Before the first registration.
    pub(super) fn new(outage: Outage) -> Self {
        Self { consuming: AtomicBool::new(false), outage }
    }

    /// A worker is registered. Returns whether that is news.
    pub(super) fn registered(&self) -> bool {
        self.outage.over();
        !self.consuming.swap(true, Ordering::Relaxed)
    }

    /// Whether a worker is registered.
    pub(super) fn is_consuming(&self) -> bool {
        self.consuming.load(Ordering::Relaxed)
    }

    /// The worker ended. Returns whether it was registered.
    pub(super) fn ended(&self) -> bool {
        self.consuming.swap(false, Ordering::Relaxed)
    }
}
