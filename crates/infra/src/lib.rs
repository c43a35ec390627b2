//! Adapters of the store, queue, bus and clock ports.

pub mod backup;
pub mod bus;
pub mod clock;
pub mod config;
pub mod data_dir;
pub mod diagnosis;
pub mod prices;
pub mod queue;
mod redis_link;
pub mod store;
