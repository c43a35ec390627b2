//! The event bus: what every bus promises, and what Redis adds.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod contract;
mod over_redis;
mod support;
