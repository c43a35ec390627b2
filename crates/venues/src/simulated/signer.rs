//! The wallets of the simulated chain.

use async_trait::async_trait;
use domain::{
    Address,
    books::WalletId,
    ports::{Signer, SignerError},
};
use sha2::{Digest, Sha512};

use super::program::derived;

/// Signs for all wallets of paper money. A signature is a function of the message alone, as with ed25519 and one key; it
/// need not be unforgeable.
#[derive(Debug, Clone, Copy, Default)]
pub struct SimulatedSigner;

/// The wallet of all orders from before there were wallets.
const WALLET: Address = Address::new(*b"the wallet of all paper trades..");

#[async_trait]
impl Signer for SimulatedSigner {
    fn address(&self, wallet: Option<WalletId>) -> Address {
        wallet.map_or(WALLET, |wallet| derived("wallet", &[wallet.0.as_bytes()]))
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        Ok(signature_of(message))
    }
}

/// The wallet's signature of a message.
pub(super) fn signature_of(message: &[u8]) -> [u8; 64] {
    Sha512::digest(message).into()
}
