use std::sync::atomic::{AtomicBool, AtomicU64};

/// The health of the two connections.
#[derive(Default)]
pub(super) struct Health {
    /// The last command of the publishing connection succeeded.
    pub(super) publishing: AtomicBool,
    pub(super) subscribed: AtomicBool,
    /// Events that were dropped, of which subscribers have not been notified yet.
    pub(super) unpublished: AtomicU64,
}
