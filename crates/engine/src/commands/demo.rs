//! `engine demo`: a few orders at once, drawn live, one of which fails.

use std::{process::ExitCode, time::Duration};

use anyhow::Context;
use api::ApiConfig;
use domain::{OrderId, OrderStatus};
use futures::future::{join_all, try_join_all};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use protocol::{EventBody, OrderView, PnlView, SpecView};

use super::read;
use crate::{
    cli::{DemoArgs, ServeArgs, TargetArgs},
    client::{Client, DEFAULT_WALLET, OrderRequest},
    embedded::Embedded,
    exit,
    output::{self, print},
    render::{
        demo_table, gain_in_words, order_in_words, step_in_words,
        words::{self, wrapped},
    },
};

pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let serve = args.serve.0;
    let asked = process::stop_on_signal()?;
    let (client, own) = reach_or_start(&args.target, &serve).await?;
    super::require_paper(&client, "demo").await?;
    super::show_market(&client).await;
    let hint = where_to_look(client.endpoint().base(), own.is_some().then_some(serve.api.port));
    let before = earnings(&client).await;
    let ended = asked.run_until_cancelled(execute_all(&client)).await;
    let after = earnings(&client).await;
    if let Some(own) = own {
        own.stop().await?;
    }
    let Some(ended) = ended.transpose()? else {
        eprintln!("Interrupted: an engine that runs executes the orders placed so far. {hint}");
        return Ok(ExitCode::from(exit::INTERRUPTED));
    };
    if args.json {
        print(format_args!("[{}]", ended.join(",")))?;
    }
    let orders = ended.iter().map(|order| read(order)).collect::<anyhow::Result<Vec<OrderView<'_>>>>()?;
    if !args.json {
        print_summary(&orders, before.zip(after).as_ref(), &hint)?;
    }
    let is_expected = |(order, fails): (&OrderView<'_>, bool)| (order.status == OrderStatus::Failed) == fails;
    let all_as_expected =
        orders.iter().zip(demo_orders().into_iter().map(|(_, fails)| fails)).all(is_expected);
    Ok(if all_as_expected { ExitCode::SUCCESS } else { ExitCode::from(exit::ORDER_FAILED) })
}

/// The engine of the address, or else the one of this machine, which is started if none runs.
async fn reach_or_start(
    target: &TargetArgs,
    serve: &ServeArgs,
) -> anyhow::Result<(Client, Option<Embedded>)> {
    let url = target.url.clone().unwrap_or_else(|| serve.api.local_url());
    let client = Client::new(&url, &target.headers)?;
    match client.reach().await {
        Ok(()) => {
            eprintln!("Using the engine at {url}");
            return Ok((client, None));
        }
        Err(unreachable) if target.url.is_some() => return Err(unreachable),
        Err(_) => {}
    }
    let own = Embedded::start(serve, &[]).await.context("cannot start an engine")?;
    // the port may be any free one
    let url = ApiConfig { port: own.address.port(), ..serve.api.clone() }.local_url();
    eprintln!("No engine was running: started one at {url}");
    Ok((Client::new(&url, &target.headers)?, Some(own)))
}

/// Where the orders are seen; `own_port` is the one asked for an engine that has stopped.
fn where_to_look(url: &str, own_port: Option<u16>) -> String {
    let start = "This engine has stopped. To see the orders, run engine with the same options and open";
    match own_port {
        None => format!("See the orders at {url}/"),
        Some(0) => format!("{start} the address that it prints"),
        Some(_) => format!("{start} {url}/"),
    }
}

/// What the wallet of the orders has earned so far; an engine of an earlier version has no wallets.
async fn earnings(client: &Client) -> Option<PnlView<'static>> {
    let answer = client.earnings(DEFAULT_WALLET).await.ok()?;
    read(&answer).ok()
}

/// The orders, and whether they fail whatever the market does: nobody pays what the last one asks for.
fn demo_orders() -> Vec<(OrderRequest, bool)> {
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
    let asks_too_much = OrderRequest {
        min_amount_out: Some("1000000".to_owned()),
        ..order("SOL", "USDC", Some("0.5"), None)
    };
    vec![
        (order("SOL", "USDC", Some("1"), None), false),
        (order("USDC", "SOL", Some("250"), None), false),
        (order("JUP", "USDC", Some("1000"), None), false),
        (order("BONK", "SOL", Some("5000000"), None), false),
        (order("SOL", "JTO", None, Some("100")), false),
        (asks_too_much, true),
    ]
}

/// Places the orders and follows them; returns them as the API shows them at their end.
async fn execute_all(client: &Client) -> anyhow::Result<Vec<String>> {
    let lines = MultiProgress::new();
    let orders = demo_orders();
    let placed = join_all(orders.iter().map(|(order, _)| client.place(order))).await;
    let followed = placed.into_iter().map(|placed| {
        let lines = lines.clone();
        async move { follow(client, placed?.id, &lines).await }
    });
    try_join_all(followed).await
}

/// Follows one order and draws it as a line that changes in place.
async fn follow(client: &Client, id: OrderId, lines: &MultiProgress) -> anyhow::Result<String> {
    let line = lines.add(ProgressBar::new_spinner());
    line.set_style(ProgressStyle::with_template("{spinner} {wide_msg}")?);
    line.enable_steady_tick(Duration::from_millis(100));
    let answer = client.order(id).await?;
    let order = read::<OrderView<'_>>(&answer)?.spec;
    client
        .follow(id, 0, |event, _| {
            let said = line_of(event, &order);
            if line.is_hidden() {
                eprintln!("{said}");
            }
            line.set_message(said);
            Ok(())
        })
        .await?;
    line.finish();
    client.order(id).await
}

/// An order and the step it has come to.
fn line_of(event: &EventBody<'_>, order: &SpecView<'_>) -> String {
    let status = words::status(event.status);
    format!("{:<21} {status:<9} {}", order_in_words(order), step_in_words(event, order))
}

fn print_summary(
    orders: &[OrderView<'_>],
    earnings: Option<&(PnlView<'_>, PnlView<'_>)>,
    where_to_look: &str,
) -> anyhow::Result<()> {
    let width = output::width();
    print(format_args!("\n{}\n", demo_table(orders).text(width)))?;
    for order in orders {
        if let Some(failure) = order.failure.as_ref().filter(|_| order.status == OrderStatus::Failed) {
            let line = format!("{} failed: {}", order_in_words(&order.spec), failure.message);
            print(wrapped(&line, 2, width))?;
        }
    }
    let confirmed = orders.iter().filter(|order| order.status == OrderStatus::Confirmed).count();
    print(format_args!(
        "{confirmed} of {} orders confirmed; the last one asks for too much on purpose",
        orders.len()
    ))?;
    if let Some((before, after)) = earnings {
        print(wrapped(&gain_in_words(before, after), 2, width))?;
    }
    print(wrapped(where_to_look, 0, width))
}
