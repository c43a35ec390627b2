//! Adapters of the store, queue and bus ports, and what every process shares: configuration,
//! logging, metrics, the clock, stopping.

pub mod backup;
pub mod bus;
pub mod clock;
pub mod config;
pub mod data_dir;
pub mod diagnosis;
pub mod host;
pub mod metrics;
pub mod outage;
pub mod probe;
pub mod process;
pub mod queue;
mod redis_link;
pub mod settings;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod trace;
