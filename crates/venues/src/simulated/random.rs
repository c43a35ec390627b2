//! Reproducible chance: every draw is a hash of the seed and of what it is drawn for, so the same
//! run under the same clock meets the same fortune, in every process.

use domain::Bps;
use sha2::{Digest, Sha256};

/// A uniformly distributed 64-bit number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Draw(u64);

/// Draws for `purpose`, which keeps the draws of one subject independent of each other.
pub(crate) fn draw(seed: u64, purpose: &str, subject: &[&[u8]]) -> Draw {
    let digest = hash(seed, purpose, subject);
    let (first, _) = digest.split_first_chunk().unwrap_or((&[0; 8], &[]));
    Draw(u64::from_le_bytes(*first))
}

/// The hash that draws are taken from. Every part is preceded by its length, so that no two
/// different subjects read the same.
pub(crate) fn hash(seed: u64, purpose: &str, subject: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(seed.to_le_bytes());
    for part in std::iter::once(purpose.as_bytes()).chain(subject.iter().copied()) {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

impl Draw {
    /// Whether something happens that has a chance of `bps`.
    pub(crate) fn happens(self, bps: u16) -> bool {
        u128::from(self.0) % Bps::ONE < u128::from(bps)
    }

    /// A number from `low` to `high`, both included; `low` if `high` is below it.
    pub(crate) fn between(self, low: u64, high: u64) -> u64 {
        match high.saturating_sub(low).checked_add(1) {
            Some(choices) => low + self.0 % choices,
            None => self.0,
        }
    }

    /// A number from −1,000,000 to 1,000,000, both included: a signed share in parts per million.
    pub(crate) fn signed_ppm(self) -> i64 {
        i64::try_from(self.between(0, 2_000_000)).unwrap_or_default() - 1_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_seed_purpose_and_every_part() {
        let one = draw(1, "a", &[b"x", b"y"]);
        assert_eq!(one, draw(1, "a", &[b"x", b"y"]));
        for other in [
            draw(2, "a", &[b"x", b"y"]),
            draw(1, "b", &[b"x", b"y"]),
            draw(1, "a", &[b"xy", b""]),
            draw(1, "a", &[b"x"]),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_chance_is_what_it_says() {
        let hits = (0u32..10_000).filter(|n| draw(7, "test", &[&n.to_le_bytes()]).happens(500)).count();
        assert!((400..600).contains(&hits), "{hits} of 10,000 at 5 %");
        assert!((0u32..100).all(|n| !draw(7, "test", &[&n.to_le_bytes()]).happens(0)));
        assert!((0u32..100).all(|n| draw(7, "test", &[&n.to_le_bytes()]).happens(10_000)));
    }

    #[test]
    fn a_range_is_kept() {
        for n in 0u32..1_000 {
            let draw = draw(7, "test", &[&n.to_le_bytes()]);
            assert!((3..=5).contains(&draw.between(3, 5)));
            assert_eq!(draw.between(4, 4), 4);
            assert_eq!(draw.between(5, 3), 5);
            assert_eq!(draw.between(0, u64::MAX), draw.0);
        }
    }
}
