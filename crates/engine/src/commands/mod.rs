//! One file per command.

pub(crate) mod backup;
pub(crate) mod bench;
pub(crate) mod cancel;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod explain;
mod follow;
pub(crate) mod lists;
pub(crate) mod orders;
pub(crate) mod quote;
pub(crate) mod resume;
pub(crate) mod serve;
pub(crate) mod submit;
pub(crate) mod top;
pub(crate) mod wallet;
pub(crate) mod watch;

use anyhow::{Context, ensure};
use protocol::MarketMode;
use serde::Deserialize;
use serde_json::value::RawValue;

use self::follow::{Lines, print_events};
use crate::{
    cli::TargetArgs,
    client::{Client, Page},
    output::print,
};

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
fn read<'a, T: Deserialize<'a>>(answer: &'a str) -> anyhow::Result<T> {
    serde_json::from_str(answer).context("the engine's answer cannot be read")
}

/// Prints a list as one JSON array, with all further pages.
async fn print_array(client: &Client, first: Page) -> anyhow::Result<()> {
    if !first.has_next() {
        return print(first.body);
    }
    let (mut page, mut separator) = (Some(first), "[");
    while let Some(this) = page {
        for item in read::<Vec<&RawValue>>(&this.body)? {
            print(format_args!("{separator}{item}"))?;
            separator = ",";
        }
        page = client.next_page(&this).await?;
    }
    print(if separator == "[" { "[]" } else { "]" })
}
