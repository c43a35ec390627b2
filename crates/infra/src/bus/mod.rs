//! The event bus: Redis Pub/Sub, or inside the process.

mod fanout;
pub mod memory;
