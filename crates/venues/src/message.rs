//! Solana's legacy message format: the accounts that a transaction touches, a recent block hash, and its calls by
//! the positions of their accounts. Source: the format as documented with the runtime; nothing here is particular
//! to a cluster, so the simulated chain speaks it too.

use domain::{Address, Call, CallAccount};

/// A transaction's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedMessage {
    /// The account that pays, the first signer.
    pub payer: Address,
    /// The hash it is valid after.
    pub block_hash: [u8; 32],
    /// Its calls, in order.
    pub calls: Vec<Call>,
}

/// The bytes are not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a message: {0}")]
pub struct MalformedMessage(&'static str);

/// A message has more accounts, or a call more of them, than one byte can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a transaction may name at most 256 accounts")]
pub struct TooManyAccounts;

/// An account with the union of what the calls require of it.
#[derive(Clone, Copy)]
struct Key {
    address: Address,
    is_signer: bool,
    is_writable: bool,
}

/// The accounts of a message in its order: the payer, then signers before others, and writable ones before those
/// that are only read, each group in the order of their first use.
fn keys(payer: Address, calls: &[Call]) -> Vec<Key> {
    let mut keys = vec![Key { address: payer, is_signer: true, is_writable: true }];
    let mut add = |address: Address, is_signer: bool, is_writable: bool| match keys
        .iter_mut()
        .find(|key| key.address == address)
    {
        Some(key) => {
            key.is_signer |= is_signer;
            key.is_writable |= is_writable;
        }
        None => keys.push(Key { address, is_signer, is_writable }),
    };
    for call in calls {
        for account in &call.accounts {
            add(account.address, account.is_signer, account.is_writable);
        }
    }
    for call in calls {
        add(call.program, false, false);
    }
    keys[1..].sort_by_key(|key| (!key.is_signer, !key.is_writable)); // stable
    keys
}

/// The bytes of a message, which are signed.
///
/// # Errors
/// [`TooManyAccounts`].
pub fn encode(payer: Address, block_hash: [u8; 32], calls: &[Call]) -> Result<Vec<u8>, TooManyAccounts> {
    let keys = keys(payer, calls);
    let count = |is: fn(&Key) -> bool| {
        u8::try_from(keys.iter().filter(|key| is(key)).count()).map_err(|_| TooManyAccounts)
    };
    let index = |address: Address| {
        let position = keys.iter().position(|key| key.address == address).unwrap_or(usize::MAX);
        u8::try_from(position).map_err(|_| TooManyAccounts)
    };
    let mut bytes = vec![
        count(|key| key.is_signer)?,
        count(|key| key.is_signer && !key.is_writable)?,
        count(|key| !key.is_signer && !key.is_writable)?,
    ];
    push_length(&mut bytes, keys.len());
    for key in &keys {
        bytes.extend_from_slice(key.address.as_bytes());
    }
    bytes.extend_from_slice(&block_hash);
    push_length(&mut bytes, calls.len());
    for call in calls {
        bytes.push(index(call.program)?);
        push_length(&mut bytes, call.accounts.len());
        for account in &call.accounts {
            bytes.push(index(account.address)?);
        }
        push_length(&mut bytes, call.data.len());
        bytes.extend_from_slice(&call.data);
    }
    Ok(bytes)
}

/// Reads a message.
///
/// # Errors
/// [`MalformedMessage`].
pub fn decode(bytes: &[u8]) -> Result<DecodedMessage, MalformedMessage> {
    let mut reader = Reader(bytes);
    let [signers, read_only_signers, read_only_others] = reader.array()?;
    let count = reader.length()?;
    let signers = usize::from(signers);
    let writable_signers = signers.checked_sub(usize::from(read_only_signers));
    let writable_until = count.checked_sub(usize::from(read_only_others)).filter(|until| *until >= signers);
    let (Some(writable_signers @ 1..), Some(writable_until)) = (writable_signers, writable_until) else {
        return Err(MalformedMessage("its header does not fit its accounts"));
    };
    let addresses = (0..count).map(|_| reader.array().map(Address::new)).collect::<Result<Vec<_>, _>>()?;
    let block_hash = reader.array()?;
    let account = |index: u8| {
        let index = usize::from(index);
        let address =
            *addresses.get(index).ok_or(MalformedMessage("a call names an account that does not exist"))?;
        let is_signer = index < signers;
        let is_writable = if is_signer { index < writable_signers } else { index < writable_until };
        Ok(CallAccount { address, is_signer, is_writable })
    };
    let calls = (0..reader.length()?)
        .map(|_| {
            let [program] = reader.array()?;
            let program = account(program)?.address;
            let length = reader.length()?;
            let accounts =
                reader.slice(length)?.iter().map(|index| account(*index)).collect::<Result<_, _>>()?;
            let length = reader.length()?;
            Ok(Call { program, accounts, data: reader.slice(length)?.to_vec() })
        })
        .collect::<Result<_, MalformedMessage>>()?;
    if !reader.0.is_empty() {
        return Err(MalformedMessage("something follows it"));
    }
    Ok(DecodedMessage { payer: addresses[0], block_hash, calls })
}

/// A length in seven bits a byte, the low ones first; the eighth says that another byte follows.
fn push_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length > 0x7f {
        bytes.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).unwrap_or_default());
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn slice(&mut self, length: usize) -> Result<&'a [u8], MalformedMessage> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(MalformedMessage("it is cut off"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], MalformedMessage> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(MalformedMessage("it is cut off"))?;
        self.0 = rest;
        Ok(*taken)
    }

    /// At most three bytes: 16 bits.
    fn length(&mut self) -> Result<usize, MalformedMessage> {
        let mut length = 0;
        for shift in [0, 7, 14] {
            let [byte] = self.array()?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(length);
            }
        }
        Err(MalformedMessage("a length is too large"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(byte: u8) -> Address {
        Address::new([byte; 32])
    }

    fn calls() -> Vec<Call> {
        vec![
            Call {
                program: address(9),
                accounts: vec![CallAccount::read(address(3)), CallAccount::write(address(2))],
                data: vec![7; 200],
            },
            Call { program: address(8), accounts: vec![CallAccount::signer(address(1))], data: Vec::new() },
        ]
    }

    #[test]
    fn a_message_names_each_account_once_signers_and_writable_ones_first() {
        let bytes = encode(address(1), [5; 32], &calls()).unwrap();
        assert_eq!(bytes[..4], [1, 0, 3, 5], "one signer, three that are only read, five accounts");
        let order: Vec<u8> = bytes[4..4 + 5 * 32].chunks(32).map(|key| key[0]).collect();
        assert_eq!(order, [1, 2, 3, 9, 8]);
        let decoded = decode(&bytes).unwrap();
        assert_eq!((decoded.payer, decoded.block_hash), (address(1), [5; 32]));
        assert_eq!(decoded.calls, calls());
    }

    proptest! {
        #[test]
        fn any_calls_survive(
            calls in prop::collection::vec(
                (0u8..20, prop::collection::vec((0u8..20, any::<bool>()), 0..6), prop::collection::vec(any::<u8>(), 0..300)),
                0..6,
            ),
        ) {
            // an account is as writable as its most demanding call wants it
            let calls: Vec<Call> = calls
                .into_iter()
                .map(|(program, accounts, data)| Call {
                    program: address(100 + program),
                    accounts: accounts.into_iter().map(|(key, _)| CallAccount::write(address(key + 1))).collect(),
                    data,
                })
                .collect();
            let decoded = decode(&encode(address(200), [1; 32], &calls).unwrap()).unwrap();
            prop_assert_eq!(decoded.calls, calls);
        }

        #[test]
        fn other_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn a_message_that_is_cut_off_is_refused(at in 0usize..100) {
            let bytes = encode(address(1), [5; 32], &calls()).unwrap();
            prop_assert!(decode(&bytes[..at]).is_err());
        }
    }
}
