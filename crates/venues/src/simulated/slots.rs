//! Slots and block heights. Every slot has its block here, so the two are the same number.

use std::time::Duration;

use domain::Timestamp;

/// How long a slot takes.
pub const SLOT: Duration = Duration::from_millis(400);

/// A transaction can land until this many blocks after the one whose hash it names (Solana's
/// `MAX_PROCESSING_AGE`).
pub const VALID_SLOTS: u64 = 150;

/// The first slot of Solana's mainnet began on 2020-03-16 at 14:29 UTC, which gives heights of a
/// familiar magnitude.
const GENESIS_UNIX_MICROS: i64 = 1_584_368_940_000_000;

const SLOT_MICROS: i64 = 400_000;

/// The block height at a time; 0 before the first slot.
pub fn height_at(at: Timestamp) -> u64 {
    u64::try_from(at.unix_micros().saturating_sub(GENESIS_UNIX_MICROS).div_euclid(SLOT_MICROS)).unwrap_or(0)
}

/// The first moment at which a transaction with this last valid height can no longer land.
pub(super) fn end_of(height: u64) -> Timestamp {
    let slots = i64::try_from(height).unwrap_or(i64::MAX).saturating_add(1);
    Timestamp::from_unix_micros(slots.saturating_mul(SLOT_MICROS).saturating_add(GENESIS_UNIX_MICROS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_ends_where_the_next_begins() {
        let now = Timestamp::from_unix_micros(1_800_000_000_123_456);
        let height = height_at(now);
        assert!(now < end_of(height));
        assert_eq!(height_at(end_of(height)), height + 1);
        assert_eq!(end_of(height), end_of(height - 1) + SLOT);
    }

    #[test]
    fn before_the_first_slot_and_after_the_last_nothing_overflows() {
        assert_eq!(height_at(Timestamp::default()), 0);
        assert!(end_of(u64::MAX) > Timestamp::from_unix_millis(4_102_444_800_000));
    }
}
