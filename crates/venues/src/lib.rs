//! Raydium and Meteora behind the venue and chain ports: simulated, later the real ones.

pub mod ask;

pub use ask::ask_all;
