use std::sync::atomic::{AtomicBool, AtomicU64};

/// What the two connections know about themselves.
#[derive(Default)]
pub(super) struct Health {
    /// The last command of the publishing connection succeeded.
    pub(super) publishing: AtomicBool,
    /// The subscription is acknowledged.
    pub(super) subscribed: AtomicBool,
    /// Events that were not published and of which subscribers have not been told yet.
    pub(super) untold: AtomicU64,
}
