//! A constant-product pool in exact integers.
//!
//! `reserve_in * reserve_out` must not fall by a swap (Uniswap v2 Core, section 3.2; Raydium's
//! standard AMM is the same curve). The fee is taken from the input and every division rounds in the
//! pool's favour.

use domain::{Amount, Bps, SwapAmount};

/// A pool seen in the direction of a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// What it holds of the token that is spent, base units.
    pub reserve_in: u64,
    /// What it holds of the token that is received, base units.
    pub reserve_out: u64,
    pub fee: Bps,
}

/// What a swap would move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    /// Spent, base units of the token in, the fee included.
    pub amount_in: Amount,
    /// Received, base units of the token out.
    pub amount_out: Amount,
    /// The part of `amount_in` that is the fee.
    pub fee: Amount,
    /// How much less than at the pool's price before the swap is received, the fee set aside;
    /// rounded down.
    pub price_impact_bps: u32,
}

/// Why a pool cannot swap an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// It would buy nothing.
    #[error("the amount is too small to buy anything")]
    AmountTooSmall,
    /// The pool does not hold that much, or no 64-bit amount pays for it.
    #[error("the pool is not deep enough")]
    InsufficientLiquidity,
}

impl Pool {
    /// What a swap of `amount` would move.
    ///
    /// # Errors
    /// See [`PoolError`].
    pub fn swap(&self, amount: SwapAmount) -> Result<Trade, PoolError> {
        let amount_in = match amount {
            SwapAmount::ExactIn(amount) => amount,
            SwapAmount::ExactOut(amount) => self.input_for(amount)?,
        };
        let trade = self.sell(amount_in)?;
        Ok(match amount {
            SwapAmount::ExactIn(_) => trade,
            // One base unit in may buy several out. The rest stays in the pool.
            SwapAmount::ExactOut(amount_out) => Trade { amount_out, ..trade },
        })
    }

    /// `fee = ceil(in * fee / 10000)`, `net = in - fee`,
    /// `out = floor(reserve_out * net / (reserve_in + net))`.
    fn sell(&self, amount_in: Amount) -> Result<Trade, PoolError> {
        let spent = u128::from(amount_in.0);
        let fee = (spent * u128::from(self.fee.0)).div_ceil(Bps::ONE).min(spent);
        let net = spent - fee;
        let after = u128::from(self.reserve_in) + net;
        let out = (u128::from(self.reserve_out) * net).checked_div(after).unwrap_or(0);
        if out == 0 {
            return Err(PoolError::AmountTooSmall);
        }
        Ok(Trade {
            amount_in,
            amount_out: to_amount(out)?,
            fee: to_amount(fee)?,
            price_impact_bps: u32::try_from(net * Bps::ONE / after).unwrap_or(u32::MAX),
        })
    }

    /// The least input that buys at least `amount_out`:
    /// `net = ceil(reserve_in * out / (reserve_out - out))`, `in = ceil(net * 10000 / (10000 - fee))`.
    fn input_for(&self, amount_out: Amount) -> Result<Amount, PoolError> {
        let remaining = self.reserve_out.checked_sub(amount_out.0).filter(|left| *left > 0);
        let remaining = remaining.ok_or(PoolError::InsufficientLiquidity)?;
        let kept = Bps::ONE.checked_sub(u128::from(self.fee.0)).filter(|kept| *kept > 0);
        let kept = kept.ok_or(PoolError::InsufficientLiquidity)?;
        let net = (u128::from(self.reserve_in) * u128::from(amount_out.0)).div_ceil(u128::from(remaining));
        let gross = net.checked_mul(Bps::ONE).ok_or(PoolError::InsufficientLiquidity)?.div_ceil(kept);
        to_amount(gross)
    }
}

fn to_amount(value: u128) -> Result<Amount, PoolError> {
    u64::try_from(value).map(Amount).map_err(|_| PoolError::InsufficientLiquidity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pool(fee: u16) -> Pool {
        Pool { reserve_in: 500_000_000_000, reserve_out: 75_000_000_000, fee: Bps(fee) }
    }

    fn exact_in(pool: Pool, amount: u64) -> Result<Trade, PoolError> {
        pool.swap(SwapAmount::ExactIn(Amount(amount)))
    }

    #[test]
    fn one_sol_into_500_sol_and_75_000_usdc() {
        assert_eq!(exact_in(pool(25), 1_000_000_000).unwrap().amount_out, Amount(149_327_092));
        assert_eq!(exact_in(pool(0), 1_000_000_000).unwrap().amount_out, Amount(149_700_598));
    }

    #[test]
    fn the_fee_is_part_of_what_is_spent() {
        let trade = exact_in(pool(25), 1_000_000_000).unwrap();
        assert_eq!(trade.fee, Amount(2_500_000));
        assert_eq!(trade.price_impact_bps, 19); // 0.9975 / 500.9975
    }

    #[test]
    fn dust_and_the_whole_reserve_are_refused() {
        assert_eq!(exact_in(pool(25), 1), Err(PoolError::AmountTooSmall));
        assert_eq!(exact_in(pool(25), 0), Err(PoolError::AmountTooSmall));
        for wanted in [75_000_000_000, u64::MAX] {
            let refused = pool(25).swap(SwapAmount::ExactOut(Amount(wanted)));
            assert_eq!(refused, Err(PoolError::InsufficientLiquidity));
        }
    }

    /// The product of a number below 2^96 and one below 2^64, as high and low part.
    fn product(left: u128, right: u64) -> (u128, u128) {
        let low = (left & u128::from(u32::MAX)) * u128::from(right);
        ((left >> 32) * u128::from(right) + (low >> 32), low & u128::from(u32::MAX))
    }

    /// Sizes spread over the magnitudes rather than over the values.
    fn size() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0u32..64).prop_map(|(bits, shift)| bits >> shift)
    }

    fn any_pool() -> impl Strategy<Value = Pool> {
        (size(), size(), 0u16..=10_000).prop_map(|(reserve_in, reserve_out, fee)| Pool {
            reserve_in,
            reserve_out,
            fee: Bps(fee),
        })
    }

    fn any_amount() -> impl Strategy<Value = SwapAmount> {
        (size(), any::<bool>()).prop_map(|(size, exact_in)| {
            let side = if exact_in { SwapAmount::ExactIn } else { SwapAmount::ExactOut };
            side(Amount(size))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_product_of_the_reserves_never_falls(pool in any_pool(), amount in any_amount()) {
            if let Ok(trade) = pool.swap(amount) {
                let before = product(u128::from(pool.reserve_in), pool.reserve_out);
                let net = u128::from(trade.amount_in.0 - trade.fee.0);
                let after = product(u128::from(pool.reserve_in) + net, pool.reserve_out - trade.amount_out.0);
                prop_assert!(after >= before, "the fee not even counted: {before:?} -> {after:?}");
            }
        }

        #[test]
        fn rounding_favours_the_pool(pool in any_pool(), spent in size()) {
            if let Ok(trade) = exact_in(pool, spent) {
                let fee = u128::from(spent) * u128::from(pool.fee.0);
                prop_assert!(u128::from(trade.fee.0) * Bps::ONE >= fee);
                let net = u128::from(spent - trade.fee.0);
                let after = u128::from(pool.reserve_in) + net;
                prop_assert!(product(after, trade.amount_out.0) <= product(net, pool.reserve_out));
            }
        }

        #[test]
        fn exact_out_asks_for_the_least_input_that_buys_it(pool in any_pool(), wanted in 1u64..) {
            let wanted = wanted % pool.reserve_out.max(1);
            if let Ok(trade) = pool.swap(SwapAmount::ExactOut(Amount(wanted))) {
                prop_assert_eq!(trade.amount_out, Amount(wanted));
                let bought = exact_in(pool, trade.amount_in.0).unwrap().amount_out;
                prop_assert!(bought >= Amount(wanted), "{bought}");
                if let Ok(less) = exact_in(pool, trade.amount_in.0 - 1) {
                    prop_assert!(less.amount_out < Amount(wanted), "{less:?}");
                }
            }
        }

        #[test]
        fn nothing_overflows(reserve_in: u64, reserve_out: u64, fee: u16, amount: u64) {
            let pool = Pool { reserve_in, reserve_out, fee: Bps(fee) };
            let _ = pool.swap(SwapAmount::ExactIn(Amount(amount)));
            let _ = pool.swap(SwapAmount::ExactOut(Amount(amount)));
        }
    }

    #[test]
    fn the_extremes_do_not_overflow() {
        for reserve_in in [0, 1, u64::MAX] {
            for reserve_out in [0, 1, u64::MAX] {
                for fee in [0, 1, 9_999, 10_000, u16::MAX] {
                    for amount in [0, 1, u64::MAX - 1, u64::MAX] {
                        let pool = Pool { reserve_in, reserve_out, fee: Bps(fee) };
                        let _ = pool.swap(SwapAmount::ExactIn(Amount(amount)));
                        let _ = pool.swap(SwapAmount::ExactOut(Amount(amount)));
                    }
                }
            }
        }
    }
}
