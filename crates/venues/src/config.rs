//! Settings of the simulated market.

use std::{fmt, time::Duration};

use clap::{Args, ValueEnum, value_parser};

/// Fixed, so that processes without a configured seed agree on prices.
const DEFAULT_SEED: u64 = 42;

/// Settings of the simulated market and chain. Every process of one engine needs the same.
#[derive(Debug, Clone, Args)]
pub struct VenueConfig {
    /// How venues and chain behave
    #[arg(long, env = "SIM_PRESET", value_enum, default_value_t = Preset::Realistic)]
    pub sim_preset: Preset,
    /// Seed of the simulated prices, pools, latencies and failures
    #[arg(long, env = "SIM_SEED", default_value_t = DEFAULT_SEED)]
    pub sim_seed: u64,
    /// How long a venue takes to quote, milliseconds, instead of the preset's
    #[arg(long, env = "SIM_QUOTE_LATENCY_MS", value_parser = value_parser!(u64).range(0..=600_000))]
    pub sim_quote_latency_ms: Option<u64>,
    /// How far that varies to either side, milliseconds, instead of the preset's
    #[arg(long, env = "SIM_QUOTE_JITTER_MS", value_parser = value_parser!(u64).range(0..=600_000))]
    pub sim_quote_jitter_ms: Option<u64>,
    /// Quotes that fail, of 10,000, instead of the preset's
    #[arg(long, env = "SIM_QUOTE_FAILURE_BPS", value_parser = value_parser!(u16).range(0..=10_000))]
    pub sim_quote_failure_bps: Option<u16>,
    /// Shortest time from sending to landing, milliseconds, instead of the preset's
    #[arg(long, env = "SIM_LANDING_MIN_MS", value_parser = value_parser!(u64).range(0..=600_000))]
    pub sim_landing_min_ms: Option<u64>,
    /// Longest time from sending to landing, milliseconds, instead of the preset's; one that is
    /// longer than 60 s lets transactions expire
    #[arg(long, env = "SIM_LANDING_MAX_MS", value_parser = value_parser!(u64).range(0..=600_000))]
    pub sim_landing_max_ms: Option<u64>,
    /// Sent transactions that get lost on the way, of 10,000, instead of the preset's
    #[arg(long, env = "SIM_DROP_BPS", value_parser = value_parser!(u16).range(0..=10_000))]
    pub sim_drop_bps: Option<u16>,
    /// Landing transactions that revert whatever the price, of 10,000, instead of the preset's
    #[arg(long, env = "SIM_REVERT_BPS", value_parser = value_parser!(u16).range(0..=10_000))]
    pub sim_revert_bps: Option<u16>,
    /// How fast prices move, percent of realistic, instead of the preset's; at 0 they do not move
    #[arg(long, env = "SIM_MARKET_PACE_PERCENT", value_parser = value_parser!(u32).range(0..=10_000))]
    pub sim_market_pace_percent: Option<u32>,
    /// How far the venues' prices differ, percent of realistic, instead of the preset's; at 4 no round trip pays
    #[arg(long, env = "SIM_VENUE_SPREAD_PERCENT", value_parser = value_parser!(u32).range(0..=1_000))]
    pub sim_venue_spread_percent: Option<u32>,
    /// How long arbitrage takes to pull a pool half of the way back to the market's price after a fill, milliseconds,
    /// instead of the preset's; at 0 fills move no pool
    #[arg(long, env = "SIM_POOL_HALF_LIFE_MS", value_parser = value_parser!(u64).range(0..=600_000))]
    pub sim_pool_half_life_ms: Option<u64>,
    /// What orders pay for each compute unit to be first, micro-lamports, instead of the preset's; a swap has 200,000 units
    #[arg(long, env = "SIM_PRIORITY_MICRO_LAMPORTS", value_parser = value_parser!(u64).range(0..=1_000_000_000))]
    pub sim_priority_micro_lamports: Option<u64>,
}

/// A named set of conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// Quotes in 200 ms, landing in 2 to 3 s, 5 % of attempts fail
    Realistic,
    /// A busy chain: slow quotes, lost transactions, landing in 4 to 12 s
    Congested,
    /// Half of everything goes wrong and prices race
    Brutal,
    /// Realistic delays; nothing fails and prices do not move
    Ideal,
    /// As realistic, but venues differ by less than their fees: no round trip pays
    Efficient,
    /// No delays; nothing fails and prices do not move: for benchmarks
    Instant,
}

impl fmt::Display for Preset {
    /// As it is written in `SIM_PRESET`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

/// How venues and chain behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conditions {
    /// How long a quote takes, milliseconds.
    pub quote_latency_ms: u64,
    /// How far that varies to either side, milliseconds.
    pub quote_jitter_ms: u64,
    /// Quotes that fail, of 10,000.
    pub quote_failure_bps: u16,
    /// Shortest time from receipt to landing, milliseconds.
    pub landing_min_ms: u64,
    /// Longest time from receipt to landing, milliseconds.
    pub landing_max_ms: u64,
    /// Sent transactions that never arrive, of 10,000.
    pub drop_bps: u16,
    /// Landing transactions that revert whatever the price, of 10,000.
    pub revert_bps: u16,
    /// How fast prices move, percent of realistic.
    pub market_pace_percent: u32,
    /// How far the venues' prices differ from the reference, percent of realistic.
    pub venue_spread_percent: u32,
    /// After how long half of what a fill has moved a pool is left, milliseconds; 0: fills move no pool.
    pub pool_half_life_ms: u64,
    /// What orders pay for each compute unit to be first, micro-lamports.
    pub priority_micro_lamports: u64,
}

impl Conditions {
    /// After how long half of what a fill has moved a pool is left.
    pub const fn pool_half_life(&self) -> Duration {
        Duration::from_millis(self.pool_half_life_ms)
    }
}

/// The settings contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("SIM_LANDING_MIN_MS ({min}) is above SIM_LANDING_MAX_MS ({max})")]
pub struct ContradictoryLanding {
    min: u64,
    max: u64,
}

impl Preset {
    /// The numbers behind the name.
    #[rustfmt::skip] // a table
    pub const fn conditions(self) -> Conditions {
        let (latency, jitter, failure, landing_min, landing_max, drop, revert, pace, spread, half_life, priority) = match self {
            //                 quote: ms    ±ms   fails | landing ms     | drop   revert | pace % spread % | pools ms | price of a unit
            Self::Realistic => (     200,    50,    200,   2_000,  3_000,     200,   500,   100,      100,    3_000,      50_000),
            Self::Congested => (     500,   300,  1_000,   4_000, 12_000,   2_500, 1_000,   200,      100,    3_000,   1_000_000),
            Self::Brutal =>    (     800,   700,  3_000,   5_000, 30_000,   5_000, 3_000,   500,      100,    3_000,   5_000_000),
            Self::Efficient => (     200,    50,    200,   2_000,  3_000,     200,   500,   100,        4,    3_000,      50_000),
            Self::Ideal =>     (     200,    50,      0,   2_000,  3_000,       0,     0,     0,      100,        0,           0),
            Self::Instant =>   (       0,     0,      0,       0,      0,       0,     0,     0,      100,        0,           0),
        };
        Conditions {
            quote_latency_ms: latency,
            quote_jitter_ms: jitter,
            quote_failure_bps: failure,
            landing_min_ms: landing_min,
            landing_max_ms: landing_max,
            drop_bps: drop,
            revert_bps: revert,
            market_pace_percent: pace,
            venue_spread_percent: spread,
            pool_half_life_ms: half_life,
            priority_micro_lamports: priority,
        }
    }
}

impl VenueConfig {
    /// A preset without overrides, with the default seed.
    pub fn preset(preset: Preset) -> Self {
        Self {
            sim_preset: preset,
            sim_seed: DEFAULT_SEED,
            sim_quote_latency_ms: None,
            sim_quote_jitter_ms: None,
            sim_quote_failure_bps: None,
            sim_landing_min_ms: None,
            sim_landing_max_ms: None,
            sim_drop_bps: None,
            sim_revert_bps: None,
            sim_market_pace_percent: None,
            sim_venue_spread_percent: None,
            sim_pool_half_life_ms: None,
            sim_priority_micro_lamports: None,
        }
    }

    /// The preset's conditions with the overrides applied.
    ///
    /// # Errors
    /// When the shortest landing time is above the longest.
    pub fn conditions(&self) -> Result<Conditions, ContradictoryLanding> {
        let preset = self.sim_preset.conditions();
        let conditions = Conditions {
            quote_latency_ms: self.sim_quote_latency_ms.unwrap_or(preset.quote_latency_ms),
            quote_jitter_ms: self.sim_quote_jitter_ms.unwrap_or(preset.quote_jitter_ms),
            quote_failure_bps: self.sim_quote_failure_bps.unwrap_or(preset.quote_failure_bps),
            landing_min_ms: self.sim_landing_min_ms.unwrap_or(preset.landing_min_ms),
            landing_max_ms: self.sim_landing_max_ms.unwrap_or(preset.landing_max_ms),
            drop_bps: self.sim_drop_bps.unwrap_or(preset.drop_bps),
            revert_bps: self.sim_revert_bps.unwrap_or(preset.revert_bps),
            market_pace_percent: self.sim_market_pace_percent.unwrap_or(preset.market_pace_percent),
            venue_spread_percent: self.sim_venue_spread_percent.unwrap_or(preset.venue_spread_percent),
            pool_half_life_ms: self.sim_pool_half_life_ms.unwrap_or(preset.pool_half_life_ms),
            priority_micro_lamports: self
                .sim_priority_micro_lamports
                .unwrap_or(preset.priority_micro_lamports),
        };
        let (min, max) = (conditions.landing_min_ms, conditions.landing_max_ms);
        if min > max {
            return Err(ContradictoryLanding { min, max });
        }
        Ok(conditions)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        venues: VenueConfig,
    }

    fn parse(arguments: &[&str]) -> Result<VenueConfig, clap::Error> {
        Cli::try_parse_from(["test"].iter().chain(arguments)).map(|cli| cli.venues)
    }

    #[test]
    fn every_preset_is_consistent() {
        for preset in Preset::value_variants() {
            assert_eq!(VenueConfig::preset(*preset).conditions(), Ok(preset.conditions()));
        }
    }

    #[test]
    fn an_override_changes_its_number_only() {
        let config = parse(&["--sim-preset", "ideal", "--sim-drop-bps", "10000"]).unwrap();
        let expected = Conditions { drop_bps: 10_000, ..Preset::Ideal.conditions() };
        assert_eq!(config.conditions(), Ok(expected));
    }

    #[test]
    fn wrong_values_are_refused() {
        for arguments in [
            ["--sim-preset", "kind"],
            ["--sim-drop-bps", "10001"],
            ["--sim-revert-bps", "-1"],
            ["--sim-landing-max-ms", "3600000"],
            ["--sim-seed", "x"],
            ["--sim-priority-micro-lamports", "1000000001"],
        ] {
            assert!(parse(&arguments).is_err(), "{arguments:?}");
        }
        let crossed = parse(&["--sim-landing-min-ms", "5000"]).unwrap().conditions().unwrap_err();
        assert_eq!(crossed.to_string(), "SIM_LANDING_MIN_MS (5000) is above SIM_LANDING_MAX_MS (3000)");
    }
}
