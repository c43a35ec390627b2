//! The event bus: Redis Pub/Sub, or inside the process.
