//! How this process reaches Redis: lazily, with bounded waiting, and again after every loss.

mod follow;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context;
use domain::backoff::RetryPolicy;
use metrics::{counter, histogram};
use rand::{SeedableRng, rngs::StdRng};
use redis::{
    Client, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use crate::metrics::catalogue;

pub(crate) use follow::{Heard, follow};

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long an answer may take. apalis-redis takes any late answer for the end of its worker, so
/// this is longer than a busy server ever needs.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// Pauses between attempts to reach a lost server.
pub(crate) const RECONNECT: RetryPolicy =
    RetryPolicy { max_attempts: u32::MAX, base: Duration::from_millis(100), cap: Duration::from_secs(2) };

/// A Redis server, reached or not. Cheap to clone.
#[derive(Clone)]
pub(crate) struct RedisLink {
    client: Client,
    randomness: Arc<Mutex<StdRng>>,
}

impl RedisLink {
    /// Reads the URL; nothing is connected. `seed` is for the jitter of reconnects and for names,
    /// so it must differ from process to process.
    pub(crate) fn open(url: &str, seed: u64) -> anyhow::Result<Self> {
        let client = Client::open(url).context("REDIS_URL is not a Redis URL")?;
        Ok(Self { client, randomness: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))) })
    }

    /// A connection of its own that is made with the first command and again after a loss. A
    /// command fails with the attempt to connect that it waited for: whoever calls decides when to
    /// try again.
    pub(crate) fn connection(&self) -> anyhow::Result<ConnectionManager> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_number_of_retries(0);
        Ok(ConnectionManager::new_lazy_with_config(self.client.clone(), config)?)
    }

    /// A generator for jitter and names, different from those before it.
    pub(crate) fn rng(&self) -> StdRng {
        self.randomness.lock().unwrap_or_else(PoisonError::into_inner).fork()
    }
}

/// Calls for a `part` of the engine, and once more if the connection turns out to be lost: that says nothing about the next
/// one. The first call may have had its effect all the same.
pub(crate) async fn call<T, F: Future<Output = RedisResult<T>>>(
    part: &'static str,
    connection: &ConnectionManager,
    call: impl Fn(ConnectionManager) -> F,
) -> RedisResult<T> {
    let began = Instant::now();
    let result = match call(connection.clone()).await {
        Err(error) if error.is_connection_dropped() => call(connection.clone()).await,
        result => result,
    };
    histogram!(catalogue::REDIS_CALL, "part" => part).record(began.elapsed());
    if result.is_err() {
        counter!(catalogue::REDIS_ERRORS, "part" => part).increment(1);
    }
    result
}
