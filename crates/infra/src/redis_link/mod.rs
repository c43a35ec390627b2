//! How this process reaches Redis: lazily, with bounded waiting, and again after every loss.

mod follow;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context;
use domain::backoff::Backoff;
use metrics::{counter, histogram};
use rand::{SeedableRng, rngs::StdRng};
use redis::{
    Client, ErrorKind, IntoConnectionInfo, RedisError, RedisResult, ServerErrorKind,
    aio::{ConnectionManager, ConnectionManagerConfig},
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};

use tokio::time::timeout;

use telemetry::metrics::catalogue;

pub(crate) use follow::{ChannelSignal, follow};

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long an answer may take. apalis-redis takes any late answer for the end of its worker, so
/// this is longer than a busy server ever needs.
pub(crate) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection on which nothing moves is probed this often; a peer that is gone is noticed by it.
const KEEPALIVE: Duration = Duration::from_secs(5);
/// Pauses between attempts to reach a lost server.
pub(crate) const RECONNECT: Backoff =
    Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(2) };

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
        let info = url.into_connection_info().context("REDIS_URL is not a Redis URL")?;
        let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
        let tcp = TcpSettings::default()
            .set_nodelay(true)
            .set_keepalive(keepalive)
            .set_user_timeout(RESPONSE_TIMEOUT);
        let client = Client::open(info.set_tcp_settings(tcp)).context("REDIS_URL is not a Redis URL")?;
        Ok(Self { client, randomness: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))) })
    }

    /// A connection of its own that is made with the first command and again after a loss. A
    /// command fails with the attempt to connect that it waited for: the caller decides when to
    /// try again.
    pub(crate) fn connection(&self) -> RedisResult<ConnectionManager> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_number_of_retries(0);
        ConnectionManager::new_lazy_with_config(self.client.clone(), config)
    }

    /// A generator for jitter and names, different from those before it.
    pub(crate) fn rng(&self) -> StdRng {
        self.randomness.lock().unwrap_or_else(PoisonError::into_inner).fork()
    }
}

/// A connection that is replaced once it is unusable. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connection {
    link: RedisLink,
    current: Arc<Mutex<ConnectionManager>>,
}

impl Connection {
    pub(crate) fn open(link: &RedisLink) -> anyhow::Result<Self> {
        Ok(Self { link: link.clone(), current: Arc::new(Mutex::new(link.connection()?)) })
    }

    /// Runs a command, retrying once if the connection was lost, which says
    /// nothing about the next one. The first call may have taken effect. `part` labels the metrics.
    pub(crate) async fn call<T, F: Future<Output = RedisResult<T>>>(
        &self,
        part: &'static str,
        within: Duration,
        call: impl Fn(ConnectionManager) -> F,
    ) -> RedisResult<T> {
        let began = Instant::now();
        let result = timeout(within, async {
            match call(self.current()).await {
                Err(error) if error.is_connection_dropped() => call(self.current()).await,
                result => result,
            }
        });
        let result = result.await.unwrap_or_else(|_| {
            let late = format!("no answer within {within:?}");
            Err(RedisError::from(std::io::Error::new(std::io::ErrorKind::TimedOut, late)))
        });
        histogram!(catalogue::REDIS_CALL, "part" => part).record(began.elapsed());
        if let Err(error) = &result {
            counter!(catalogue::REDIS_ERRORS, "part" => part).increment(1);
            if is_useless_after(error) {
                self.replace();
            }
        }
        result
    }

    fn current(&self) -> ConnectionManager {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self) {
        if let Ok(fresh) = self.link.connection() {
            *self.current.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
    }
}

/// Whether the connection leads to a server that cannot work, or to none: after a failover an old one
/// still leads to the server that was demoted.
fn is_useless_after(error: &RedisError) -> bool {
    let server_cannot_work = [
        ServerErrorKind::ReadOnly,
        ServerErrorKind::BusyLoading,
        ServerErrorKind::MasterDown,
        ServerErrorKind::ClusterDown,
    ];
    error.is_timeout()
        || error.is_unrecoverable_error()
        || matches!(error.kind(), ErrorKind::Server(kind) if server_cannot_work.contains(&kind))
}
