use anyhow::Context;
use redis::{Client, ConnectionAddr, InfoDict};

use crate::redis_link::RedisLink;

/// A Redis that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisState {
    /// Host and port, or the path of its socket.
    pub place: String,
    /// As reported, such as `7.2.4`.
    pub version: String,
    pub major: u32,
    /// What it does when its memory is full, if it says so.
    pub maxmemory_policy: Option<String>,
}

/// Asks the Redis at `url`.
///
/// # Errors
/// When the URL cannot be read, or the server cannot be reached or refuses.
pub async fn redis(url: &str) -> anyhow::Result<RedisState> {
    let place = place(url)?;
    let mut connection = RedisLink::open(url, 0)?.connection()?;
    let info: InfoDict = redis::cmd("INFO")
        .query_async(&mut connection)
        .await
        .with_context(|| format!("{place} cannot be used"))?;
    let version: String = info.get("redis_version").unwrap_or_default();
    Ok(RedisState {
        place,
        major: version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0),
        version,
        maxmemory_policy: info.get("maxmemory_policy"),
    })
}

fn place(url: &str) -> anyhow::Result<String> {
    let client = Client::open(url).context("REDIS_URL cannot be read")?;
    Ok(match client.get_connection_info().addr() {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            format!("{host}:{port}")
        }
        other => other.to_string(),
    })
}
