//! One look at an engine, as text.

use std::time::Duration;

use tokio::time::timeout;

use super::{
    feed,
    model::{Percentiles, RATE_SECONDS},
    screen::Top,
    view::{Link, Shown, active_line, health_line, in_units, market},
};
use crate::{
    client::Client,
    output::{self, print},
    render::{
        table::{Table, number, text},
        words::{short_id, status},
    },
};

/// How long to wait until everything is known.
const PATIENCE: Duration = Duration::from_secs(5);

/// Prints the state of an engine, what it did in the last five minutes, its unfinished orders and those that ended last.
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
            let counted = !shown.figures.accepted_by_second.is_empty();
            if counted
                && shown.active.is_some()
                && shown.health.is_some()
                && matches!(shown.link, Link::Live { .. })
            {
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
    let figures = &shown.figures;
    let success = figures.success.map_or_else(|| "-".to_owned(), |part| format!("{:.1} %", part * 100.0));
    print(format_args!(
        "accepted {:.1}/s, ended {:.1}/s in the last {RATE_SECONDS} s",
        figures.accepted_per_second, figures.ended_per_second
    ))?;
    print(format_args!("success in the last 5 min: {success}"))?;
    if let Some(Percentiles { p50, p90, p99 }) = figures.latency {
        print(format_args!(
            "accepted to confirmed in the last 5 min: p50 {}, p90 {}, p99 {}",
            in_units(p50),
            in_units(p90),
            in_units(p99)
        ))?;
    }
    print(active_line(shown.active))?;
    if shown.figures.orders.is_empty() {
        return Ok(());
    }
    let width = output::width();
    let columns = vec![
        text("ID", 0),
        text("ORDER", 0),
        text("STATUS", 0),
        number("DURATION", 1),
        number("TRY", 3),
        text("VENUE", 2),
    ];
    let rows = shown.figures.orders.iter().map(|order| {
        vec![
            if width.is_some() { short_id(order.id) } else { order.id.to_string() },
            order.order.clone(),
            status(order.status).to_string(),
            order.duration.map_or_else(|| "-".to_owned(), in_units),
            order.attempt.to_string(),
            order.venue.clone(),
        ]
    });
    print(Table::new(columns, rows).text(width))
}
