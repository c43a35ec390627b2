//! Executes orders: claim, route, build, write ahead, submit, settle, retry; and sweeps what is due.

pub mod config;
pub mod executor;
pub mod health;
mod metrics;
mod progress;
mod slots;
pub mod sweeper;
pub mod worker;

pub use config::WorkerConfig;
pub use executor::Executor;
pub use worker::{Backends, Worker};
