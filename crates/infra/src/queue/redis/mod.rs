//! The queue over Redis: apalis-redis, with guard rails (see the table in [`super`]).

mod consumer;
mod doorbell;
mod finisher;
mod keys;
mod producer;
mod session;
mod state;

use std::time::Duration;

use self::keys::Keys;
pub use self::{consumer::RedisConsumer, producer::RedisProducer};
use crate::redis_link::RedisLink;

/// Settings of a queue over Redis.
#[derive(Clone)]
pub struct RedisQueueConfig {
    pub url: String,
    /// Prefix of every key and channel.
    pub prefix: String,
    /// Maximum queue length.
    pub capacity: usize,
    /// How often an idle worker looks without having been rung: how long an entry may lie there
    /// when a ring was lost.
    pub tick: Duration,
    /// For jitter and worker names; must differ from process to process.
    pub seed: u64,
}

/// The two sides of a queue over Redis. Nothing need be up yet. Must be called on a Tokio runtime.
///
/// # Errors
/// When the URL cannot be read.
pub fn open(config: &RedisQueueConfig) -> anyhow::Result<(RedisProducer, RedisConsumer)> {
    let link = RedisLink::open(&config.url, config.seed)?;
    let keys = Keys::new(&config.prefix);
    let producer = RedisProducer::open(&link, keys.clone(), config.capacity)?;
    Ok((producer, RedisConsumer::new(link, keys, config.tick)))
}
