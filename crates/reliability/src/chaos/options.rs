use std::{path::PathBuf, time::Duration};

use clap::Parser;

use super::Fault;

/// Breaks a running engine in every way it can and checks that its promises hold. Starts everything
/// it needs on free ports of this machine and ends it again.
#[derive(Debug, Clone, Parser)]
#[command(name = "chaos")]
pub struct Options {
    /// Decides which faults happen to whom
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How long the faults go on, minutes
    #[arg(long, default_value_t = 2.0)]
    pub minutes: f64,
    /// Orders a second
    #[arg(long, default_value_t = 40)]
    pub rate: u32,
    /// Every how many milliseconds a process is killed
    #[arg(long, default_value_t = 4_000)]
    pub kill_every_ms: u64,
    /// Every how many milliseconds something else happens
    #[arg(long, default_value_t = 8_000)]
    pub fault_every_ms: u64,
    /// Only these faults, separated by commas, beside the kills; all by default
    #[arg(long, value_delimiter = ',')]
    pub faults: Vec<Fault>,
    /// How many of a hundred orders are followed over a WebSocket
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub follow_percent: u8,
    /// Folder of the binaries order-api and order-worker; this program's own by default
    #[arg(long)]
    pub programs: Option<PathBuf>,
    /// Write the summary to this file, as Markdown
    #[arg(long)]
    pub report: Option<PathBuf>,
}

impl Options {
    /// How long the faults go on.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.minutes * 60.0)
    }
}
