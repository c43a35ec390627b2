//! Raydium and Meteora behind the venue and chain ports: simulated, later the real ones.

pub mod ask;
pub mod config;
pub mod simulated;

pub use ask::ask_all;
pub use config::{Preset, VenueConfig};
