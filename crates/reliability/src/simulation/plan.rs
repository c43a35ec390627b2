use std::{ops::Range, time::Duration};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use venues::config::{Conditions, Preset};

/// How long orders that are in flight at once may take, in simulated time: a transaction that never arrives
/// expires after a minute, three times in the worst case.
const REST_WITHIN: Duration = Duration::from_mins(6);

/// The fault plan of a seed. Chances are per 10,000 calls of a port.
#[derive(Debug, Clone)]
pub struct Plan {
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
    /// The process pauses for longer than its leases, before the effect.
    pub pauses: u32,
    /// A call is stuck on its way while its process goes on, perhaps for longer than a lease.
    pub stalls: u32,
    /// A call of the chain or the queue never returns, before or after its effect.
    pub hangs: u32,
    /// A transaction is on its way for long, and arrives even if its sender has died.
    pub delays_sending: u32,
    /// How long such a transaction is on its way, milliseconds.
    pub delay_of_sending_ms: Range<u64>,
    /// A node of the chain that lags behind answers: it does not know what has landed, and may even
    /// take it for expired.
    pub lags: u32,
    /// The chain has no recent block hash to sign against.
    pub outages: u32,
    /// A hint of the queue is lost.
    pub loses_hint: u32,
    /// A hint of the queue comes twice.
    pub repeats_hint: u32,
    /// A bus message is lost silently.
    pub loses_message: u32,
    /// A message of the bus comes twice, or late.
    pub disturbs_message: u32,
    /// A client cancels its order after a while, and repeats that until it is answered.
    pub cancels: u32,
    /// A client's order expires after a while.
    pub expires: u32,
    /// How far the clock of a process may be off, either way.
    pub skew: Duration,
    /// Maximum number of orders in flight.
    pub max_in_flight: u32,
    /// Attempts an order gets in all.
    pub max_attempts: u32,
    /// What the wallet has for orders of 1 SOL each.
    pub sol: String,
    pub lease: Duration,
    pub conditions: Conditions,
}

impl Plan {
    /// How long everything may take to come to rest once the faults are over.
    pub(super) fn rest_within(&self) -> Duration {
        let is_let_in_at_once = self.orders <= u64::from(self.max_in_flight);
        REST_WITHIN * if is_let_in_at_once { 1 } else { 2 }
    }

    /// Draws a plan. Most have few kinds of faults, some have all.
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
            stalls: chance(0.4, 250),
            hangs: chance(0.4, 250),
            delays_sending: chance(0.5, 5_000),
            delay_of_sending_ms: 1..10_000,
            lags: chance(0.5, 3_000),
            outages: chance(0.3, 6_000),
            loses_hint: chance(0.5, 5_000),
            repeats_hint: chance(0.5, 3_000),
            loses_message: chance(0.5, 5_000),
            disturbs_message: chance(0.5, 3_000),
            cancels: chance(0.6, 5_000),
            expires: chance(0.5, 5_000),
            skew: Duration::ZERO,
            max_in_flight: 100,
            max_attempts: 3,
            sol: "10000".to_owned(),
            lease: Duration::ZERO,
            conditions: Preset::Congested.conditions(),
        };
        plan.orders = rng.random_range(2..8);
        plan.trouble = Duration::from_millis(rng.random_range(2_000..20_000));
        if rng.random_bool(0.15) {
            // long enough for transactions to expire meanwhile, and to arrive only then
            plan.trouble = Duration::from_millis(rng.random_range(60_000..150_000));
            plan.delays_sending = 9_500;
            plan.delay_of_sending_ms = rng.random_range(1..60_000)..90_000;
        }
        plan.lease = Duration::from_millis(rng.random_range(1_000..6_000));
        if rng.random_bool(0.3) {
            plan.skew = Duration::from_millis(rng.random_range(1..10_000));
        }
        if rng.random_bool(0.2) {
            plan.max_in_flight = u32::try_from(plan.orders.div_ceil(2)).unwrap_or(1);
        }
        if rng.random_bool(0.2) {
            plan.sol = format!("{}.5", rng.random_range(0..plan.orders));
        }
        plan.conditions = Conditions {
            quote_latency_ms: rng.random_range(1..300),
            quote_jitter_ms: 0,
            quote_failure_bps: if rng.random_bool(0.1) { 8_000 } else { rng.random_range(0..2_000) },
            landing_min_ms: rng.random_range(0..500),
            // some land later than they may, which is to expire
            landing_max_ms: if rng.random_bool(0.2) { 120_000 } else { rng.random_range(500..6_000) },
            drop_bps: if rng.random_bool(0.15) { 9_800 } else { rng.random_range(0..4_000) },
            revert_bps: rng.random_range(0..4_000),
            market_pace_percent: 200,
            venue_spread_percent: 100,
            pool_half_life_ms: 1_000,
            priority_micro_lamports: rng.random_range(0..2) * 50_000,
        };
        plan
    }
}
