use crate::Timestamp;

/// Where the time comes from, so that it can be simulated.
pub trait Clock: Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> Timestamp;
}
