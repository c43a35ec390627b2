use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use venues::config::{Conditions, Preset};

/// What kind of day a seed has. Chances are of 10,000, for every call to a port.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Orders that clients want.
    pub orders: u64,
    /// How long the faults go on.
    pub trouble: Duration,
    /// A call fails and has no effect.
    pub fails_before: u32,
    /// A call has its effect and its answer is lost.
    pub fails_after: u32,
    /// The process dies before the effect.
    pub dies_before: u32,
    /// The process dies after the effect.
    pub dies_after: u32,
    /// The process stands still for longer than its leases, before the effect.
    pub pauses: u32,
    /// A hint of the queue is lost.
    pub loses_hint: u32,
    /// A hint of the queue comes twice.
    pub repeats_hint: u32,
    /// A message of the bus is lost, and nobody is told.
    pub loses_message: u32,
    /// A message of the bus comes twice, or late.
    pub disturbs_message: u32,
    /// Attempts an order gets in all.
    pub max_attempts: u32,
    /// How long a claim holds.
    pub lease: Duration,
    /// How venues and chain behave.
    pub conditions: Conditions,
}

impl Plan {
    /// Draws a day. Most are bad in few ways, some in all.
    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Self {
        let mut chance = |often: f64, at_most: u32| {
            if rng.random_bool(often) { rng.random_range(0..at_most) } else { 0 }
        };
        let mut plan = Self {
            orders: 0,
            trouble: Duration::ZERO,
            fails_before: chance(0.5, 800),
            fails_after: chance(0.5, 800),
            dies_before: chance(0.5, 250),
            dies_after: chance(0.5, 250),
            pauses: chance(0.4, 250),
            loses_hint: chance(0.5, 5_000),
            repeats_hint: chance(0.5, 3_000),
            loses_message: chance(0.5, 5_000),
            disturbs_message: chance(0.5, 3_000),
            max_attempts: 3,
            lease: Duration::ZERO,
            conditions: Preset::Congested.conditions(),
        };
        plan.orders = rng.random_range(2..8);
        plan.trouble = Duration::from_millis(rng.random_range(2_000..20_000));
        plan.lease = Duration::from_millis(rng.random_range(1_000..6_000));
        plan.conditions = Conditions {
            quote_latency_ms: rng.random_range(1..300),
            quote_jitter_ms: 0,
            quote_failure_bps: rng.random_range(0..2_000),
            landing_min_ms: rng.random_range(0..500),
            // some land later than they may, which is to expire
            landing_max_ms: if rng.random_bool(0.2) { 120_000 } else { rng.random_range(500..6_000) },
            drop_bps: if rng.random_bool(0.15) { 9_800 } else { rng.random_range(0..4_000) },
            revert_bps: rng.random_range(0..4_000),
            market_pace_percent: 200,
        };
        plan
    }
}
