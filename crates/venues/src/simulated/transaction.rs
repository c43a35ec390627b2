//! What goes over the wire of the simulated chain: Solana's wire format, whose block hashes carry their height,
//! because no log of blocks is kept to look it up in.

use domain::{Address, Call, Signature, SignedTransaction, Swap};
use sha2::{Digest, Sha512};

use super::{
    accounts::TokenAccounts,
    budget,
    program::{self, CallError},
    random::hash,
    signer::signature_of,
    slots::VALID_SLOTS,
};
use crate::message::{self, MalformedMessage};

mod legacy;

/// A transaction as a validator reads it: what counts is in the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transaction {
    pub(super) last_valid_block_height: u64,
    /// The swap that its calls amount to, or why they fail.
    pub(super) swap: Result<Swap, CallError>,
    /// The token accounts that its calls create; none where they fail.
    pub(super) accounts: TokenAccounts,
    /// Signatures that are paid for; none in transactions of versions before 2026-12.
    pub(super) signatures: u64,
    /// What it pays on top of that, lamports.
    pub(super) priority_fee: u64,
}

/// The bytes are not a transaction of this chain.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidTransaction {
    #[error(transparent)]
    Malformed(#[from] MalformedMessage),
    #[error("cannot read the transaction")]
    Unreadable,
    #[error("the signature is not that of the transaction")]
    WrongSignature,
}

/// The hash of the block at a height.
pub(super) fn block_hash(seed: u64, height: u64) -> [u8; 32] {
    let mut block_hash = hash(seed, "block", &[&height.to_le_bytes()]);
    block_hash[..8].copy_from_slice(&height.to_le_bytes());
    block_hash
}

/// The message of calls, after the block at a height.
pub(super) fn compose(
    seed: u64,
    height: u64,
    calls: &[Call],
    payer: Address,
) -> Result<Vec<u8>, message::TooManyAccounts> {
    message::encode(payer, block_hash(seed, height), calls)
}

impl Transaction {
    /// Reads a signed transaction and checks its signature.
    pub(super) fn verify(signed: &SignedTransaction) -> Result<Self, InvalidTransaction> {
        let bytes = &signed.bytes;
        let signature = match wire(bytes) {
            Some((signature, message)) if *signature == signature_of(message) => *signature,
            Some(_) => return Err(InvalidTransaction::WrongSignature),
            None => Sha512::digest(bytes).into(), // of a version before 2026-12
        };
        if Signature::from_bytes(&signature) != signed.signature {
            return Err(InvalidTransaction::WrongSignature);
        }
        Self::decode(bytes)
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, InvalidTransaction> {
        let Some((_, message)) = wire(bytes) else {
            return legacy::decode(bytes).ok_or(InvalidTransaction::Unreadable);
        };
        let decoded = message::decode(message)?;
        let (height, _) = decoded.block_hash.split_first_chunk().unwrap_or((&[0; 8], &[]));
        let (swap, accounts) = match program::execute(decoded.payer, &decoded.calls) {
            Ok((swap, accounts)) => (Ok(swap), accounts),
            Err(error) => (Err(error), TokenAccounts::default()),
        };
        Ok(Self {
            last_valid_block_height: u64::from_le_bytes(*height).saturating_add(VALID_SLOTS),
            swap,
            accounts,
            signatures: 1,
            priority_fee: budget::priority_fee(&decoded.calls),
        })
    }
}

/// The signature and the message of a transaction with one signature.
fn wire(bytes: &[u8]) -> Option<(&[u8; 64], &[u8])> {
    bytes.strip_prefix(&[1])?.split_first_chunk()
}
