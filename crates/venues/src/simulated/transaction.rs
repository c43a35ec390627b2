//! What goes over the wire of the simulated chain.

use domain::{QuoteRequest, Signature, Swap, legacy, swap::SignedTransaction};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha512};

/// A transaction before it is signed. On Solana the last valid height follows from the block hash,
/// which validators know; here it is written beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transaction {
    pub(super) recent_block_hash: String,
    pub(super) last_valid_block_height: u64,
    /// Makes two transactions of the same swap in the same slot two.
    pub(super) nonce: String,
    pub(super) swap: Swap,
}

/// The bytes are not a transaction of this chain.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidTransaction {
    #[error("cannot read the transaction: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("the signature is not that of the transaction")]
    WrongSignature,
}

impl Transaction {
    /// Signs it. A signature is a function of the bytes alone, as with ed25519 and one key.
    pub(super) fn sign(&self) -> Result<SignedTransaction, InvalidTransaction> {
        let bytes = serde_json::to_vec(self)?;
        let last_valid_block_height = self.last_valid_block_height;
        Ok(SignedTransaction { signature: signature_of(&bytes), bytes, last_valid_block_height })
    }

    /// Reads a signed transaction as a validator would: what counts is in the bytes.
    pub(super) fn verify(signed: &SignedTransaction) -> Result<Self, InvalidTransaction> {
        if signature_of(&signed.bytes) != signed.signature {
            return Err(InvalidTransaction::WrongSignature);
        }
        Self::decode(&signed.bytes)
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, InvalidTransaction> {
        serde_json::from_slice(bytes).or_else(|error| Self::decode_legacy(bytes).ok_or(error.into()))
    }

    /// Versions before 2026-12 signed a bound that did not name its token.
    fn decode_legacy(bytes: &[u8]) -> Option<Self> {
        let mut transaction: Value = serde_json::from_slice(bytes).ok()?;
        let swap = transaction.get_mut("swap")?;
        let request = QuoteRequest::deserialize(&*swap).ok()?;
        legacy::name_tokens(swap.get_mut("bound")?, &request);
        serde_json::from_value(transaction).ok()
    }
}

fn signature_of(bytes: &[u8]) -> Signature {
    Signature::from_bytes(&Sha512::digest(bytes).into())
}
