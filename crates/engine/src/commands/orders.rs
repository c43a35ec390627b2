//! `engine orders`: lists and searches orders.

use std::process::ExitCode;

use domain::ports::Clock;
use infra::clock::SystemClock;
use protocol::OrderView;

use super::{client, print_array, read, show_market};
use crate::{
    cli::OrdersArgs,
    client::{Client, Page},
    output::{self, print},
    render::order_table,
};

const ORDERS_EXPORT: &str = "/api/orders/export";

pub(crate) async fn run(mut args: OrdersArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.target)?;
    if let Some(cursor) = &mut args.list.cursor {
        *cursor = client.find(cursor).await?.to_string();
    }
    if args.list.csv {
        client.export(ORDERS_EXPORT, &args.filter.query(), output::write).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let first = client.order_pages(&args.query()).await?;
    let is_all = args.list.all;
    let cursor = first.next_cursor().filter(|_| !is_all).map(str::to_owned);
    match (args.list.json, is_all) {
        (true, true) => print_array(&client, first).await?,
        (true, false) => print(first.body)?,
        (false, _) => print_table(&client, first, is_all).await?,
    }
    if let Some(cursor) = cursor {
        eprintln!("There may be more: --all, or --cursor {cursor}");
    }
    Ok(ExitCode::SUCCESS)
}

/// One table of all pages, so that its columns stand below each other.
async fn print_table(client: &Client, mut page: Page, is_all: bool) -> anyhow::Result<()> {
    show_market(client).await;
    let mut orders: Vec<OrderView<'static>> = read(&page.body)?;
    while is_all && let Some(next) = client.next_page(&page).await? {
        orders.extend(read::<Vec<OrderView<'static>>>(&next.body)?);
        page = next;
    }
    if orders.is_empty() {
        print("no orders")?;
    } else {
        let width = output::width();
        print(order_table(&orders, SystemClock.now(), width.is_some()).text(width))?;
    }
    Ok(())
}
