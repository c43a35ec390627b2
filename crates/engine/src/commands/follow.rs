//! Follows an order and prints its events.

use std::process::ExitCode;

use domain::{OrderId, OrderStatus};
use protocol::{EventBody, OrderView, SpecView};

use super::read;
use crate::{
    cli::TargetArgs,
    client::Client,
    exit,
    output::{self, print},
    render::{
        event_in_words,
        words::{self, time_of_day, wrapped},
    },
};

/// Columns before the words of an event on a terminal.
const INDENT: usize = 30;

/// Prints events of one order as lines.
pub(super) struct Lines {
    /// What the order asks for; `None` if the engine does not say.
    order: Option<SpecView<'static>>,
    width: Option<usize>,
}

impl Lines {
    pub(super) async fn of(client: &Client, id: OrderId) -> Self {
        let order = client.order(id).await.and_then(|answer| read::<OrderView<'static>>(&answer));
        Self { order: order.ok().map(|order| order.spec), width: output::width() }
    }

    pub(super) fn print(&self, event: &EventBody<'_>) -> anyhow::Result<()> {
        let at = if self.width.is_some() { time_of_day(event.at) } else { event.at.to_string() };
        let status = words::status(event.status);
        let said = event_in_words(event, self.order.as_ref(), self.width.is_none());
        print(wrapped(&format!("{at}  {:>3}  {status:<9}  {said}", event.seq), INDENT, self.width))
    }
}

/// Prints the events of an order until it has ended, one per line: in words, or as JSON.
pub(super) async fn print_events(
    client: &Client,
    target: &TargetArgs,
    id: OrderId,
    after: u32,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let asked = process::stop_on_signal()?;
    let (mut seen, mut last) = (after, None);
    let lines = if as_json { None } else { Some(Lines::of(client, id).await) };
    let market = if as_json { None } else { client.market().await.ok().flatten() };
    let followed = client.follow(id, after, |event, message| {
        if let (None, Some(market)) = (last, &market) {
            eprintln!("{}", market.badge());
        }
        (seen, last) = (event.seq, Some(event.status));
        match &lines {
            Some(lines) => lines.print(event),
            None => print(message),
        }
    });
    let is_interrupted = tokio::select! {
        followed = followed => followed.map(|()| false)?,
        () = asked.cancelled() => true,
    };
    if is_interrupted {
        eprintln!("The order continues: engine watch {id} --after {seen}{}", target.flag());
        return Ok(ExitCode::from(exit::INTERRUPTED));
    }
    let is_confirmed = match last {
        Some(status) => status == OrderStatus::Confirmed,
        // it had ended before the events that were asked for
        None => read::<OrderView<'_>>(&client.order(id).await?)?.status == OrderStatus::Confirmed,
    };
    Ok(if is_confirmed { ExitCode::SUCCESS } else { ExitCode::from(exit::ORDER_FAILED) })
}
