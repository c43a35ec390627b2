//! The compute budget of a transaction: how many units it may use, and what it pays for each to be first.

use domain::{Address, Call};

/// `ComputeBudget111111111111111111111111111111`.
pub(super) const PROGRAM: Address = Address::new([
    3, 6, 70, 111, 229, 33, 23, 50, 255, 236, 173, 186, 114, 195, 155, 231, 188, 140, 229, 187, 197, 247, 18,
    107, 44, 67, 155, 58, 64, 0, 0, 0,
]);

const SET_COMPUTE_UNIT_LIMIT: u8 = 2;
const SET_COMPUTE_UNIT_PRICE: u8 = 3;

/// Compute units that the transaction of a swap asks for.
const UNITS_OF_A_SWAP: u32 = 200_000;
/// Compute units for each call of a transaction that asks for no number of them.
const UNITS_OF_A_CALL: u64 = 200_000;
/// The most compute units that a transaction can have.
const MOST_UNITS: u64 = 1_400_000;

const MICRO_LAMPORTS_PER_LAMPORT: u128 = 1_000_000;

/// The calls that a swap begins with, at a price in micro-lamports per compute unit.
pub(super) fn calls(price: u64) -> [Call; 2] {
    let call = |data| Call { program: PROGRAM, accounts: Vec::new(), data };
    [
        call([&[SET_COMPUTE_UNIT_LIMIT][..], &UNITS_OF_A_SWAP.to_le_bytes()].concat()),
        call([&[SET_COMPUTE_UNIT_PRICE][..], &price.to_le_bytes()].concat()),
    ]
}

/// Whether it is an instruction that the program knows.
pub(super) fn is_readable(data: &[u8]) -> bool {
    units_in(data).is_some() || price_in(data).is_some()
}

fn units_in(data: &[u8]) -> Option<u64> {
    let bytes = data.strip_prefix(&[SET_COMPUTE_UNIT_LIMIT])?.try_into().ok()?;
    Some(u32::from_le_bytes(bytes).into())
}

fn price_in(data: &[u8]) -> Option<u64> {
    let bytes = data.strip_prefix(&[SET_COMPUTE_UNIT_PRICE])?.try_into().ok()?;
    Some(u64::from_le_bytes(bytes))
}

/// What a transaction of these calls pays on top of its signatures, lamports: nothing unless it sets a price.
pub(super) fn priority_fee(calls: &[Call]) -> u64 {
    let (own, others): (Vec<&Call>, Vec<&Call>) = calls.iter().partition(|call| call.program == PROGRAM);
    let price = own.iter().find_map(|call| price_in(&call.data)).unwrap_or_default();
    let units = own.iter().find_map(|call| units_in(&call.data));
    let units = units.unwrap_or_else(|| UNITS_OF_A_CALL.saturating_mul(others.len() as u64));
    let micro_lamports = u128::from(units.min(MOST_UNITS)) * u128::from(price);
    u64::try_from(micro_lamports.div_ceil(MICRO_LAMPORTS_PER_LAMPORT)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::program::memo;

    #[test]
    fn the_program_is_that_of_mainnet() {
        assert_eq!(PROGRAM.to_string(), "ComputeBudget111111111111111111111111111111");
    }

    #[test]
    fn a_transaction_pays_for_the_units_it_asks_for_rounded_up() {
        for (price, lamports) in [(0, 0), (1, 1), (5, 1), (6, 2), (50_000, 10_000), (50_001, 10_001)] {
            assert_eq!(priority_fee(&calls(price)), lamports, "{price}");
        }
        assert_eq!(priority_fee(&[memo("x")]), 0, "as before there were budgets");
    }

    #[test]
    fn without_a_limit_every_other_call_counts_and_there_is_a_most() {
        let [limit, price] = calls(1_000_000);
        let with = |count| [vec![price.clone()], vec![memo("x"); count]].concat();
        assert_eq!(priority_fee(&with(2)), 400_000);
        assert_eq!(priority_fee(&with(20)), MOST_UNITS);
        assert_eq!(priority_fee(&[limit, memo("x")]), 0, "no price, no fee");
    }

    #[test]
    fn what_it_cannot_read_is_no_instruction() {
        assert!(calls(7).iter().all(|call| is_readable(&call.data)));
        for data in [&[][..], &[2, 1, 2, 3], &[3, 1, 2, 3, 4], &[1; 5], &[2; 9]] {
            assert!(!is_readable(data), "{data:?}");
        }
    }
}
