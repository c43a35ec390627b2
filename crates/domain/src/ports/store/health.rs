use async_trait::async_trait;

use super::StoreError;

/// The store as a whole.
#[async_trait]
pub trait StoreHealth: Send + Sync + 'static {
    /// Whether orders can be written now, judged by recent writes or a probe. Bounded in time, and
    /// cheap to ask often.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Closes it cleanly, after the last call.
    async fn close(&self) {}
}
