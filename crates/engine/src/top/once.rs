//! One look at an engine, as text.

use std::time::Duration;

use tokio::time::timeout;

use super::{
    feed,
    screen::Top,
    view::{Link, Shown, health_line, in_units, market},
};
use crate::{
    client::Client,
    output::{self, print},
    render::{
        table::{Table, number, text},
        words::{counted, short_id, status},
    },
};

/// How long to wait until everything is known.
const PATIENCE: Duration = Duration::from_secs(5);

/// Prints the state of an engine and its orders in flight. Rates and latencies take a minute to measure, and are not
/// shown.
///
/// # Errors
/// When no engine answers.
pub(crate) async fn print_once(client: &Client) -> anyhow::Result<()> {
    client.reach().await?;
    let mut reports = feed::start(client);
    let mut top = Top::new(client.endpoint().base());
    let _ = timeout(PATIENCE, async {
        while let Some(report) = reports.recv().await {
            top.receive(report);
            let shown = top.shown();
            if shown.health.is_some() && matches!(shown.link, Link::Live { .. }) {
                break;
            }
        }
    })
    .await; // what is known by then is shown
    print_shown(&top.shown())
}

fn print_shown(shown: &Shown) -> anyhow::Result<()> {
    let badge = shown.health.as_ref().and_then(market).unwrap_or_default();
    print(format_args!("{}  {}", badge.trim(), shown.url))?;
    print(health_line(shown.health.as_ref()).to_string().trim_end())?;
    print(format_args!("{} in flight", counted(shown.figures.in_flight, "order")))?;
    if shown.figures.orders.is_empty() {
        return Ok(());
    }
    let width = output::width();
    let columns = vec![
        text("ID", 0),
        text("ORDER", 0),
        text("STATUS", 0),
        number("AGE", 1),
        number("TRY", 3),
        text("VENUE", 2),
    ];
    let rows = shown.figures.orders.iter().map(|order| {
        vec![
            if width.is_some() { short_id(order.id) } else { order.id.to_string() },
            order.order.clone(),
            status(order.status).to_string(),
            order.age.map_or_else(|| "-".to_owned(), in_units),
            order.attempt.to_string(),
            order.venue.clone(),
        ]
    });
    print(Table::new(columns, rows).text(width))
}
