//! Settings of a worker.

use std::time::Duration;

use clap::{Args, value_parser};
use domain::{
    backoff::{Backoff, RetryPolicy},
    order::MOST_ATTEMPTS,
};

/// Settings of the execution of orders.
#[derive(Debug, Clone, Args)]
pub struct WorkerConfig {
    /// Orders that one worker executes at once, at most
    #[arg(long, env = "WORKER_CONCURRENCY", default_value_t = 500, value_parser = value_parser!(u32).range(1..=4_000))]
    pub worker_concurrency: u32,
    /// Attempts an order gets in all, the first included
    #[arg(long, env = "MAX_ATTEMPTS", default_value_t = 3, value_parser = value_parser!(u32).range(1..=i64::from(MOST_ATTEMPTS)))]
    pub max_attempts: u32,
    /// Longest wait before the second attempt, milliseconds; it doubles with every further attempt
    #[arg(long, env = "RETRY_BASE_MS", default_value_t = 1_000, value_parser = value_parser!(u64).range(1..=600_000))]
    pub retry_base_ms: u64,
    /// Longest wait before any attempt, milliseconds
    #[arg(long, env = "RETRY_CAP_MS", default_value_t = 30_000, value_parser = value_parser!(u64).range(1..=3_600_000))]
    pub retry_cap_ms: u64,
    /// How long the venues may take to quote, milliseconds
    #[arg(long, env = "QUOTE_DEADLINE_MS", default_value_t = 2_000, value_parser = value_parser!(u64).range(1..=60_000))]
    pub quote_deadline_ms: u64,
    /// How long any other call of a venue or the chain may take, milliseconds; the order then waits for
    /// another answer, and moves to another worker when none comes
    #[arg(long, env = "CALL_DEADLINE_MS", default_value_t = 5_000, value_parser = value_parser!(u64).range(10..=60_000))]
    pub call_deadline_ms: u64,
    /// How long a claim holds without being renewed, milliseconds: the time after which another
    /// worker takes over the orders of a dead one
    #[arg(long, env = "LEASE_MS", default_value_t = 10_000, value_parser = value_parser!(u64).range(300..=600_000))]
    pub lease_ms: u64,
    /// How often due orders are looked for, milliseconds
    #[arg(long, env = "SWEEP_INTERVAL_MS", default_value_t = 250, value_parser = value_parser!(u64).range(10..=60_000))]
    pub sweep_interval_ms: u64,
    /// How long an order that was pushed to the queue may wait there before it is pushed again,
    /// milliseconds
    #[arg(long, env = "REDELIVER_AFTER_MS", default_value_t = 10_000, value_parser = value_parser!(u64).range(100..=600_000))]
    pub redeliver_after_ms: u64,
    /// How often a transaction that has not landed is sent again, milliseconds
    #[arg(long, env = "REBROADCAST_INTERVAL_MS", default_value_t = 2_000, value_parser = value_parser!(u64).range(10..=60_000))]
    pub rebroadcast_interval_ms: u64,
    /// How long an attempt may wait for venues, chain or signer that cannot be reached, milliseconds; it uses up
    /// no attempt, and afterwards its order fails
    #[arg(long, env = "OUTAGE_DEADLINE_MS", default_value_t = 300_000, value_parser = value_parser!(u64).range(0..=86_400_000))]
    pub outage_deadline_ms: u64,
    /// How long a worker asks a chain that does not answer what became of a transaction, milliseconds, before it
    /// puts the order aside for 30 s
    #[arg(long, env = "SETTLE_PATIENCE_MS", default_value_t = 120_000, value_parser = value_parser!(u64).range(100..=86_400_000))]
    pub settle_patience_ms: u64,
}

/// Where a worker process answers health checks.
#[derive(Debug, Clone, Args)]
pub struct HealthConfig {
    /// Address or name to listen on
    #[arg(long, env = "HOST", default_value = "127.0.0.1")]
    pub host: String,
    /// Port of the worker's health checks
    #[arg(long, env = "WORKER_PORT", default_value_t = 3_001)]
    pub worker_port: u16,
}

impl WorkerConfig {
    /// The retry policy.
    pub fn retry_policy(&self) -> RetryPolicy {
        RetryPolicy {
            max_attempts: self.max_attempts,
            backoff: Backoff {
                base: Duration::from_millis(self.retry_base_ms),
                cap: Duration::from_millis(self.retry_cap_ms),
            },
        }
    }

    /// How long a claim holds.
    pub fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }
}
