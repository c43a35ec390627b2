//! The one wallet of the simulated chain.

use async_trait::async_trait;
use domain::{
    Address,
    ports::{Signer, SignerError},
};
use sha2::{Digest, Sha512};

/// Signs for the wallet of paper money. Its signature is a function of the message alone, as with ed25519 and one
/// key; it need not be unforgeable.
#[derive(Debug, Clone, Copy, Default)]
pub struct SimulatedSigner;

/// The wallet.
const WALLET: Address = Address::new(*b"the wallet of all paper trades..");

#[async_trait]
impl Signer for SimulatedSigner {
    fn address(&self) -> Address {
        WALLET
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        Ok(signature_of(message))
    }
}

/// The wallet's signature of a message.
pub(super) fn signature_of(message: &[u8]) -> [u8; 64] {
    Sha512::digest(message).into()
}
