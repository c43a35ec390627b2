//! What every process reports: logs, traces and metrics.

mod config;
mod logs;
pub mod metrics;
mod outage;
mod trace;

pub use config::{Colors, LogConfig, LogFormat};
pub use logs::{Telemetry, check, init};
pub use outage::Outage;
pub use trace::join;
