//! Retry delays.

use std::time::Duration;

use rand::{Rng, RngExt};

/// Waits that double up to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Upper bound of the first wait.
    pub base: Duration,
    /// Upper bound of any wait.
    pub cap: Duration,
}

impl Backoff {
    /// The wait after this many failures (counted from 1): exponential with equal jitter, half
    /// of it fixed and half random, so that a wait never collapses to nothing.
    ///
    /// Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
    pub fn delay(&self, failures: u32, rng: &mut dyn Rng) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let ceiling = self.base.saturating_mul(1 << doublings).min(self.cap);
        let half = ceiling / 2;
        let jitter_micros = u64::try_from(ceiling.saturating_sub(half).as_micros()).unwrap_or(u64::MAX);
        half + Duration::from_micros(rng.random_range(0..=jitter_micros))
    }

    /// The next wait of something that has waited this long already: about as long again, so that it doubles, between
    /// half of `base` and `cap`.
    pub fn delay_after(&self, waited: Duration, rng: &mut dyn Rng) -> Duration {
        let once = Self { base: waited.max(self.base).min(self.cap), ..*self };
        once.delay(1, rng)
    }
}

/// How often an order is attempted and how long it waits in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all, the first included.
    pub max_attempts: u32,
    pub backoff: Backoff,
}

impl RetryPolicy {
    /// Whether an order whose `attempt` (counted from 1) failed may be tried again.
    pub fn allows_another(&self, attempt: u32) -> bool {
        attempt < self.max_attempts
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            backoff: Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(30) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;

    proptest! {
        #[test]
        fn a_wait_lies_between_half_and_whole_of_its_ceiling(failures in 1u32..100, seed: u64) {
            let Backoff { cap, .. } = RetryPolicy::default().backoff;
            let ceiling = Duration::from_secs(1 << (failures - 1).min(10)).min(cap);
            let delay = RetryPolicy::default().backoff.delay(failures, &mut rand_chacha::ChaCha8Rng::seed_from_u64(seed));
            prop_assert!(delay >= ceiling / 2 && delay <= ceiling, "{delay:?} of {ceiling:?}");
        }
    }

    #[test]
    fn three_attempts_by_default() {
        let policy = RetryPolicy::default();
        assert!(policy.allows_another(1) && policy.allows_another(2));
        assert!(!policy.allows_another(3));
    }
}
