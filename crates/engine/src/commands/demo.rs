//! `engine demo`: five orders at once, drawn live.

use std::{process::ExitCode, time::Duration};

use anyhow::Context;
use comfy_table::{Table, presets::UTF8_BORDERS_ONLY};
use console::style;
use domain::{OrderId, OrderStatus};
use futures::future::join_all;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use protocol::{DataView, EventDataView, FillView};

use crate::{
    cli::DemoArgs,
    client::{Client, OrderRequest},
    embedded::Embedded,
    exit,
    render::{event_in_words, order_in_words, price},
};

/// The result of one order of the demo.
#[derive(Default)]
struct Summary {
    order: String,
    status: Option<OrderStatus>,
    attempts: u32,
    took: Duration,
    fill: Option<FillView<'static>>,
}

pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let own_url = args.serve.api.local_url();
    let client = Client::new(args.target.url.as_deref().unwrap_or(&own_url), &args.target.headers)?;
    let reached = client.reach().await;
    let own = if reached.is_ok() {
        eprintln!("talking to the engine that runs at {}", client.endpoint().base());
        None
    } else if args.target.url.is_some() {
        return reached.map(|()| ExitCode::SUCCESS);
    } else {
        eprintln!("no engine runs; starting one at {own_url}");
        Some(Embedded::start(&args.serve).await.context("cannot start an engine")?)
    };
    super::require_paper(&client, "demo").await?;
    super::show_market(&client).await;
    let summaries = execute_all(&client).await;
    if let Some(own) = own {
        own.stop().await?;
    }
    let summaries = summaries?;
    print_summary(&summaries);
    let all_confirmed = summaries.iter().all(|summary| summary.status == Some(OrderStatus::Confirmed));
    Ok(if all_confirmed { ExitCode::SUCCESS } else { ExitCode::from(exit::ORDER_FAILED) })
}

fn demo_orders() -> Vec<OrderRequest> {
    let order =
        |token_in: &str, token_out: &str, amount_in: Option<&str>, amount_out: Option<&str>| OrderRequest {
            token_in: token_in.to_owned(),
            token_out: token_out.to_owned(),
            amount_in: amount_in.map(str::to_owned),
            amount_out: amount_out.map(str::to_owned),
            tag: Some("demo".to_owned()),
            slippage_bps: Some(100),
            ..OrderRequest::default()
        };
    vec![
        order("SOL", "USDC", Some("1"), None),
        order("USDC", "SOL", Some("250"), None),
        order("JUP", "USDC", Some("1000"), None),
        order("BONK", "SOL", Some("5000000"), None),
        order("SOL", "JTO", None, Some("100")),
    ]
}

async fn execute_all(client: &Client) -> anyhow::Result<Vec<Summary>> {
    let lines = MultiProgress::new();
    let orders = demo_orders();
    let placed: Vec<anyhow::Result<OrderId>> = join_all(orders.iter().map(|order| client.place(order))).await;
    let followed = placed.into_iter().map(|placed| {
        let lines = lines.clone();
        async move { follow(client, placed?, &lines).await }
    });
    join_all(followed).await.into_iter().collect()
}

/// Follows one order and draws it as a line that changes in place; routing decisions and retries
/// stay above it.
async fn follow(client: &Client, id: OrderId, lines: &MultiProgress) -> anyhow::Result<Summary> {
    let line = lines.add(ProgressBar::new_spinner());
    line.set_style(ProgressStyle::with_template("{spinner} {prefix:<28} {msg}")?);
    line.enable_steady_tick(Duration::from_millis(100));
    let is_drawn = !line.is_hidden();
    let mut summary = Summary::default();
    let mut begun = None;
    client
        .follow(id, 0, |event, _| {
            let mut stays = false;
            match &event.data {
                DataView::Known(EventDataView::Accepted { order, .. }) => {
                    summary.order = order_in_words(order);
                    line.set_prefix(summary.order.clone());
                }
                DataView::Known(EventDataView::Routed(_) | EventDataView::Retrying { .. }) => stays = true,
                DataView::Known(EventDataView::Confirmed { fill, .. }) => {
                    summary.fill = Some(fill.clone().into_owned());
                }
                _ => {}
            }
            let words = event_in_words(event);
            let text = format!("{:<28} {:<9} {words}", summary.order, event.status);
            if !is_drawn {
                eprintln!("{text}");
            } else if stays {
                let _ = lines.println(&text); // a closed terminal does not stop the demo
            }
            line.set_message(format!("{:<9} {words}", colored(event.status)));
            summary.status = Some(event.status);
            summary.attempts = event.attempt;
            summary.took = event.at.since(*begun.get_or_insert(event.at));
            Ok(())
        })
        .await?;
    line.finish();
    Ok(summary)
}

fn colored(status: OrderStatus) -> String {
    match status {
        OrderStatus::Confirmed => style(status).green().to_string(),
        OrderStatus::Failed => style(status).red().to_string(),
        _ => style(status).cyan().to_string(),
    }
}

#[expect(clippy::print_stdout, reason = "the summary is the result")]
fn print_summary(summaries: &[Summary]) {
    let mut table = Table::new();
    table.load_preset(UTF8_BORDERS_ONLY);
    table.set_header(["order", "status", "venue", "received", "price", "slot", "attempts", "time"]);
    for summary in summaries {
        let filled =
            |shown: fn(&FillView<'_>) -> String| summary.fill.as_ref().map_or_else(|| "-".to_owned(), shown);
        table.add_row([
            summary.order.clone(),
            summary.status.map_or_else(|| "-".to_owned(), |status| status.to_string()),
            filled(|fill| fill.venue.to_string()),
            filled(|fill| fill.amount_out.to_string()),
            filled(|fill| price(fill.executed_price)),
            filled(|fill| fill.slot.to_string()),
            summary.attempts.to_string(),
            format!("{:.2} s", summary.took.as_secs_f64()),
        ]);
    }
    println!("{table}");
    let confirmed = summaries.iter().filter(|summary| summary.fill.is_some()).count();
    println!("{confirmed} of {} orders confirmed", summaries.len());
}
