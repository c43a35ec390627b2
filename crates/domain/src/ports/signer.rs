use std::{error::Error, fmt};

use async_trait::async_trait;

use crate::{Address, books::WalletId, ports::Cause};

/// Why a message was not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignerError {
    /// The key cannot be reached.
    Unreachable(Cause),
    /// The key does not sign this. Asking again does not help.
    Refused(Cause),
}

impl SignerError {
    fn cause(&self) -> &Cause {
        match self {
            Self::Unreachable(cause) | Self::Refused(cause) => cause,
        }
    }
}

impl fmt::Display for SignerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(cause) => write!(f, "signer unreachable: {cause}"),
            Self::Refused(cause) => write!(f, "signer refused: {cause}"),
        }
    }
}

impl Error for SignerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause().source()
    }
}

/// The key that transactions are signed with. Only processes that execute orders have one.
#[async_trait]
pub trait Signer: Send + Sync + 'static {
    /// Whose transactions they are: the account that pays and whose tokens are swapped. Each paper wallet has one of
    /// its own, and orders from before there were wallets share one. A key has one address, whatever the wallet.
    fn address(&self, wallet: Option<WalletId>) -> Address;

    /// The signature of a message.
    ///
    /// # Errors
    /// [`SignerError`]; nothing was signed.
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError>;
}
