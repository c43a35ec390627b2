use async_trait::async_trait;

use crate::{Address, ports::Cause};

/// The key cannot be reached, or does not sign this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot sign: {0}")]
pub struct SignerError(pub Cause);

/// The key that transactions are signed with. Only processes that execute orders have one.
#[async_trait]
pub trait Signer: Send + Sync + 'static {
    /// Whose transactions they are: the account that pays and whose tokens are swapped.
    fn address(&self) -> Address;

    /// The signature of a message.
    ///
    /// # Errors
    /// [`SignerError`]; nothing was signed.
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError>;
}
