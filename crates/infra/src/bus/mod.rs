//! The event bus: Redis Pub/Sub, or inside the process.

mod fanout;
mod health;
pub mod memory;
mod publisher;
pub mod redis;
mod wire;

use std::sync::Arc;

use domain::ports::EventBus;
use rand::{RngExt, rngs::StdRng};

use self::{memory::MemoryBus, redis::RedisBus};
use crate::config::BackendConfig;

/// The bus that the configuration asks for. Redis need not be up: it is reached in the background.
/// Must be called on a Tokio runtime.
///
/// # Errors
/// When `REDIS_URL` cannot be read.
pub fn connect(config: &BackendConfig) -> anyhow::Result<Arc<dyn EventBus>> {
    let Some(url) = &config.redis_url else { return Ok(Arc::new(MemoryBus::new())) };
    let seed = rand::make_rng::<StdRng>().random();
    Ok(Arc::new(RedisBus::open(url, &config.redis_prefix, seed)?))
}
