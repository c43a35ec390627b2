use proptest::prelude::*;

use super::*;

const HALF_LIFE: Duration = Duration::from_secs(3);

fn at(millis: u64) -> Timestamp {
    Timestamp::default() + Duration::from_millis(millis)
}

fn key(millis: u64, number: u8) -> Key {
    (at(millis), Signature::from_bytes(&[number; 64]))
}

fn with(fills: &[(u64, Moved)]) -> Displacement {
    let recent = (0u8..).zip(fills).map(|(number, (millis, moved))| (key(*millis, number), *moved)).collect();
    Displacement { recent, ..Displacement::default() }
}

#[test]
fn half_is_left_after_a_half_life_and_nothing_in_the_end() {
    let displacement = with(&[(1_000, [1_000, -64])]);
    let left = |millis| displacement.left_at(at(millis), HALF_LIFE);
    assert_eq!(left(999), [0, 0], "not before it happens");
    assert_eq!(left(1_000), [1_000, -64]);
    assert_eq!(left(2_500), [750, -48]);
    assert_eq!(left(4_000), [500, -32]);
    assert_eq!(left(7_000), [250, -16]);
    assert_eq!(left(1_000_000), [0, 0]);
}

#[test]
fn opposite_fills_cancel_out() {
    let displacement = with(&[(0, [1_000, -500]), (0, [-1_000, 500])]);
    assert_eq!(displacement.left_at(at(10), HALF_LIFE), [0, 0]);
}

proptest! {
    /// Summing up is only a matter of cost.
    #[test]
    fn it_does_not_matter_when_fills_are_summed_up(
        fills in prop::collection::vec((0u64..20_000, -1_000_000_000i128..1_000_000_000), 0..12),
        settled in prop::collection::vec(0u64..20_000, 0..4),
        asked in 20_000u64..40_000,
    ) {
        let fills: Vec<_> = fills.into_iter().map(|(millis, units)| (millis, [units, -units / 3])).collect();
        let whole = with(&fills);
        let mut summed = with(&fills);
        let mut settled = settled;
        settled.sort_unstable();
        for until in settled {
            summed.settle(at(until), HALF_LIFE);
        }
        prop_assert_eq!(whole.left_at(at(asked), HALF_LIFE), summed.left_at(at(asked), HALF_LIFE));
    }

    #[test]
    fn what_is_left_never_grows(units in any::<i64>(), first in 0u64..60_000, then in 0u64..60_000) {
        let left = |millis| decayed([units.into(), 0], Duration::from_millis(millis), HALF_LIFE)[0].unsigned_abs();
        prop_assert!(left(first + then) <= left(first));
        prop_assert!(left(first) <= u128::from(units.unsigned_abs()));
    }
}
