//! One command a file.

pub(crate) mod bench;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod orders;
pub(crate) mod serve;
pub(crate) mod submit;
pub(crate) mod top;
pub(crate) mod watch;

use std::process::ExitCode;

use anyhow::Context;
use domain::{OrderId, OrderStatus};
use serde_json::Value;

use crate::{ORDER_FAILED, cli::TargetArgs, client::Client, output::print, story::event_in_words};

/// Where a command looks for an engine when nobody says.
const DEFAULT_URL: &str = "http://127.0.0.1:3000";

fn client(target: &TargetArgs) -> anyhow::Result<Client> {
    Client::new(target.url.as_deref().unwrap_or(DEFAULT_URL))
}

/// An answer of the engine, to be shown in words.
fn read(answer: &str) -> anyhow::Result<Value> {
    serde_json::from_str(answer).context("the engine's answer cannot be read")
}

/// Prints the events of an order until it has ended, one a line: in words, or as they are.
async fn print_events(client: &Client, id: OrderId, after: u32, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut last = None;
    client
        .follow(id, after, |event, message| {
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
    let has_failed = match last {
        Some(status) => status == OrderStatus::Failed,
        // it had ended before the events that were asked for
        None => read(&client.order(id).await?)?["status"] == OrderStatus::Failed.as_str(),
    };
    Ok(if has_failed { ExitCode::from(ORDER_FAILED) } else { ExitCode::SUCCESS })
}
