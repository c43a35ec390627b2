//! One command a file.

pub(crate) mod bench;
pub(crate) mod demo;
pub(crate) mod serve;
pub(crate) mod submit;
pub(crate) mod watch;

use std::process::ExitCode;

use domain::{OrderId, OrderStatus};

use crate::{ORDER_FAILED, cli::TargetArgs, client::Client, story::event_in_words};

/// Where a command looks for an engine when nobody says.
const DEFAULT_URL: &str = "http://127.0.0.1:3000";

fn client(target: &TargetArgs) -> anyhow::Result<Client> {
    Client::new(target.url.as_deref().unwrap_or(DEFAULT_URL))
}

/// Prints the events of an order until it has ended, one a line.
#[expect(clippy::print_stdout, reason = "this is what the command is for")]
async fn print_events(client: &Client, id: OrderId, after: u32) -> anyhow::Result<ExitCode> {
    let mut last = OrderStatus::Pending;
    client
        .follow(id, after, |event| {
            last = event.status;
            println!("{}  {:>3}  {:<9}  {}", event.at, event.seq, event.status, event_in_words(event));
        })
        .await?;
    Ok(if last == OrderStatus::Failed { ExitCode::from(ORDER_FAILED) } else { ExitCode::SUCCESS })
}
