//! The services mode as real processes over real servers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod backlog;
mod backup;
mod container;
mod crash;
mod metrics;
mod postgres_down;
mod redis_down;
mod rolling_restart;
mod support;
mod tls;
mod traces;
