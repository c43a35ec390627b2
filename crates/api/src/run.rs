//! Starting the API in a process, on its own or beside a worker.

use anyhow::{Context, ensure};
use domain::ports::Tokens;
use process::raise_descriptor_limit;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{About, ApiConfig, AppState, Backends, Limits, serve, wallets::read_balances};

/// Listens where the configuration says.
///
/// # Errors
/// When the address is taken or not ours, or open to other machines without permission to be, in one line.
pub async fn bind(config: &ApiConfig) -> anyhow::Result<TcpListener> {
    let ApiConfig { host, port, allow_unauthenticated, .. } = config;
    let cannot = || format!("cannot listen on {host}:{port} (HOST and PORT)");
    let listener = TcpListener::bind((host.as_str(), *port)).await.with_context(cannot)?;
    let address = listener.local_addr()?.ip();
    ensure!(
        address.is_loopback() || *allow_unauthenticated,
        "HOST={host} lets other machines trade, and the engine has no access keys: set \
         ALLOW_UNAUTHENTICATED=true if a proxy in front of it authenticates clients, or listen on 127.0.0.1"
    );
    if !address.is_loopback() {
        tracing::warn!(%address, "every client that reaches this address may trade: the engine has no access keys");
    }
    Ok(listener)
}

/// Checks the settings that depend on the tokens of the market. Call it before [`run`]: a wallet is opened only when it is
/// first needed, long after the start.
///
/// # Errors
/// What is wrong with which setting, in one line.
pub async fn check(config: &ApiConfig, tokens: &dyn Tokens) -> anyhow::Result<()> {
    read_balances(tokens, &config.paper_balances).await?;
    Ok(())
}

/// Serves on `listener` over `backends` until `stop`.
///
/// # Errors
/// As [`serve`].
pub async fn run(
    config: &ApiConfig,
    listener: TcpListener,
    backends: Backends,
    about: About,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let access = config.access(listener.local_addr()?.ip());
    let state = AppState::new(backends, limits(config), access, about);
    if let Err(error) = state.continue_ids().await {
        tracing::warn!(%error, "the newest order cannot be read: new ids follow the wall clock alone");
    }
    Ok(serve(listener, state, stop).await?)
}

/// The configured limits, lowered to what this process may open files for.
fn limits(config: &ApiConfig) -> Limits {
    let wanted = Limits::from(config);
    let (wanted_connections, descriptors) = (wanted.max_connections, raise_descriptor_limit());
    let limits = match descriptors {
        Some(descriptors) => wanted.within_descriptors(descriptors),
        None => wanted,
    };
    let (connections, streams) = (limits.max_connections, limits.max_streams);
    if connections < wanted_connections {
        tracing::warn!(connections, streams, "fewer than configured: the limit of open files is too low");
    } else {
        tracing::info!(connections, streams, "connections and streams at most");
    }
    limits
}

#[cfg(test)]
mod tests;
