use crate::Signature;

/// A transaction that is ready to be signed: the chain's own encoding of a plan's calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub bytes: Vec<u8>,
    /// The block height after which it can no longer land.
    pub last_valid_block_height: u64,
}

impl Message {
    /// The transaction with its one signature, as it goes over the wire: the number of signatures, the signature,
    /// the message.
    pub fn signed(&self, signature: &[u8; 64]) -> SignedTransaction {
        let mut bytes = Vec::with_capacity(1 + signature.len() + self.bytes.len());
        bytes.push(1);
        bytes.extend_from_slice(signature);
        bytes.extend_from_slice(&self.bytes);
        SignedTransaction {
            signature: Signature::from_bytes(signature),
            bytes,
            last_valid_block_height: self.last_valid_block_height,
        }
    }
}

/// A transaction that is signed and not necessarily sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTransaction {
    pub signature: Signature,
    /// What goes over the wire; sending the same bytes twice is one transaction.
    pub bytes: Vec<u8>,
    /// The block height after which it can no longer land.
    pub last_valid_block_height: u64,
}
