use async_trait::async_trait;

use super::StoreError;

/// The store as a whole.
#[async_trait]
pub trait StoreHealth: Send + Sync + 'static {
    /// Whether orders can be written now, as far as recent writes or a probe tell. Bounded in time, and
    /// cheap to ask often.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Puts everything in order at a clean stop, after the last call.
    async fn close(&self) {}
}
