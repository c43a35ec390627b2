//! One file per command.

pub(crate) mod backup;
pub(crate) mod bench;
pub(crate) mod cancel;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod orders;
pub(crate) mod resume;
pub(crate) mod serve;
pub(crate) mod submit;
pub(crate) mod top;
pub(crate) mod watch;

use std::process::ExitCode;

use anyhow::{Context, ensure};
use domain::{OrderId, OrderStatus};
use protocol::{MarketMode, OrderView};
use serde::de::DeserializeOwned;

use crate::{cli::TargetArgs, client::Client, exit, output::print, render::event_in_words};

/// The default port.
const DEFAULT_PORT: u16 = 3_000;

/// The engine that a command talks to: the one given, or the one of this machine with the same `PORT`.
fn client(target: &TargetArgs) -> anyhow::Result<Client> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(DEFAULT_PORT);
    let local = format!("http://127.0.0.1:{port}");
    Client::new(target.url.as_deref().unwrap_or(&local), &target.headers)
}

/// Says on standard error whether the engine trades on paper. An engine that does not answer says so to the
/// request that follows.
async fn show_market(client: &Client) {
    if let Ok(Some(market)) = client.market().await {
        eprintln!("{}", market.badge());
    }
}

/// Refuses a command that places orders nobody asked for one by one, unless they trade on paper.
async fn require_paper(client: &Client, command: &str) -> anyhow::Result<()> {
    let is_live = client.market().await?.is_some_and(|market| market.mode == MarketMode::Live);
    ensure!(!is_live, "{} trades real tokens: engine {command} runs on paper only", client.endpoint().base());
    Ok(())
}

/// Parses an answer of the engine.
fn read<T: DeserializeOwned>(answer: &str) -> anyhow::Result<T> {
    serde_json::from_str(answer).context("the engine's answer cannot be read")
}

/// Prints the events of an order until it has ended, one per line: in words, or as JSON.
async fn print_events(client: &Client, id: OrderId, after: u32, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut last = None;
    let market = if as_json { None } else { client.market().await.ok().flatten() };
    client
        .follow(id, after, |event, message| {
            if let (None, Some(market)) = (last, &market) {
                eprintln!("{}", market.badge());
            }
            last = Some(event.status);
            if as_json {
                return print(message);
            }
            print(format_args!(
                "{}  {:>3}  {:<9}  {}",
                event.at,
                event.seq,
                event.status,
                event_in_words(event)
            ))
        })
        .await?;
    let is_confirmed = match last {
        Some(status) => status == OrderStatus::Confirmed,
        // it had ended before the events that were asked for
        None => read::<OrderView<'_>>(&client.order(id).await?)?.status == OrderStatus::Confirmed,
    };
    Ok(if is_confirmed { ExitCode::SUCCESS } else { ExitCode::from(exit::ORDER_FAILED) })
}
