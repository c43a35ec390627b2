//! The queue: what every queue promises, and the hazards of apalis-redis against a real Redis.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod contract;
mod delivery;
mod loss;
mod support;
