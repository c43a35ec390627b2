//! Identifiers.

use std::{fmt, str::FromStr};

use rand::Rng;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Timestamp;

/// Identifies an order. A `UUIDv7`, so ids sort by creation time and index well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(pub Uuid);

impl OrderId {
    /// Builds an id from a time and 74 random bits. A process that makes several uses [`OrderIds`].
    pub fn generate(now: Timestamp, rng: &mut dyn Rng) -> Self {
        let mut random = [0u8; 10];
        rng.fill_bytes(&mut random);
        let millis = u64::try_from(now.unix_millis()).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

impl OrderId {
    /// The least id of an order accepted at a time, to the millisecond.
    pub fn first_at(at: Timestamp) -> Self {
        let millis = u64::try_from(at.unix_millis()).unwrap_or(0);
        Self(Uuid::from_u128(u128::from(millis) << 80))
    }
}

/// Generates increasing ids, whatever the wall clock does (RFC 9562, section 6.2): an id that would not be greater than
/// the previous one is the previous one plus a random step.
#[derive(Debug, Default)]
pub struct OrderIds {
    last: Option<OrderId>,
}

/// The bits after version and variant that count up: all of `rand_b`.
const COUNTER: u128 = (1 << 62) - 1;

impl OrderIds {
    /// The next id.
    pub fn next(&mut self, now: Timestamp, rng: &mut dyn Rng) -> OrderId {
        let fresh = OrderId::generate(now, rng);
        let id = match self.last {
            Some(last) if fresh <= last => last.successor(rng),
            _ => fresh,
        };
        self.last = Some(id);
        id
    }

    /// Makes all further ids greater than this one.
    pub fn follow(&mut self, newest: OrderId) {
        self.last = self.last.max(Some(newest));
    }
}

impl OrderId {
    /// A slightly greater id.
    fn successor(self, rng: &mut dyn Rng) -> Self {
        let bits = self.0.as_u128();
        let counter = (bits & COUNTER) + 1 + u128::from(rng.next_u32());
        if counter <= COUNTER {
            return Self(Uuid::from_u128(bits & !COUNTER | counter));
        }
        let next_millisecond = i64::try_from((bits >> 80) + 1).unwrap_or(i64::MAX);
        Self::generate(Timestamp::from_unix_millis(next_millisecond), rng)
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for OrderId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

/// Identifies the account that owns an order, its idempotency keys and its client order ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub Uuid);

impl AccountId {
    /// The one account that exists until accounts have keys. The first migration creates it.
    pub const DEFAULT: Self = Self(Uuid::nil());
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A transaction signature: 64 bytes, written in base58 as everywhere on Solana.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Signature(String);

impl Signature {
    /// Encodes the 64 bytes of a signature.
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        Self(bs58::encode(bytes).into_string())
    }

    /// Takes a signature that is already written in base58, as read back from a store.
    pub fn from_base58(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The base58 text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    proptest! {
        #[test]
        fn ids_grow_whatever_the_clock_does(millis in prop::collection::vec(1_700_000_000_000i64..1_900_000_000_000, 1..50), seed: u64) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut ids = OrderIds::default();
            let newest = OrderId::generate(Timestamp::from_unix_millis(1_800_000_000_000), &mut rng);
            ids.follow(newest);
            let mut last = newest;
            for at in millis {
                let id = ids.next(Timestamp::from_unix_millis(at), &mut rng);
                prop_assert!(id > last);
                prop_assert_eq!((id.0.get_version_num(), id.0.get_variant()), (7, uuid::Variant::RFC4122));
                last = id;
            }
        }
    }

    #[test]
    fn every_id_of_a_millisecond_is_at_least_its_first_and_below_that_of_the_next() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let at = |millis| Timestamp::from_unix_millis(millis);
        for _ in 0..100 {
            let id = OrderId::generate(at(1_800_000_000_000), &mut rng);
            assert!(
                id >= OrderId::first_at(at(1_800_000_000_000))
                    && id < OrderId::first_at(at(1_800_000_000_001))
            );
        }
        assert_eq!(OrderId::first_at(at(-1)), OrderId(Uuid::nil()));
    }

    #[test]
    fn an_id_at_the_end_of_its_millisecond_is_followed_by_one_of_the_next() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let at = Timestamp::from_unix_millis(1_800_000_000_000);
        let first = OrderId::generate(at, &mut rng);
        let full = OrderId(Uuid::from_u128(first.0.as_u128() | COUNTER));
        let mut ids = OrderIds::default();
        ids.follow(full);
        let next = ids.next(Timestamp::default(), &mut rng);
        assert!(next > full && next.0.get_version_num() == 7, "{next}");
    }
}
