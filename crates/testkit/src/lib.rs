//! What tests share: a clock that is moved by hand, an order store in memory, sample orders, private
//! databases, waiting for a condition, and the contract every order store keeps.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "everything here is part of a test: it fails by panicking"
)]

mod clock;
mod faketime;
mod memory_prices;
mod memory_store;
pub mod ports;
pub mod postgres;
mod postgres_server;
pub mod process;
mod proxy;
pub mod redis;
pub mod samples;
pub mod sse;
pub mod store_contract;
pub mod tls;
mod waiting;

pub use clock::ManualClock;
pub use faketime::FakeTime;
pub use memory_prices::MemoryPrices;
pub use memory_store::{BooksFault, Guards, MemoryStore};
pub use postgres_server::PostgresServer;
pub use proxy::SilencingProxy;
pub use waiting::{eventually, eventually_some};
