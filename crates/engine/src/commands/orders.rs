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
    render::{CSV_HEADER, csv_row, order_table},
};

pub(crate) async fn run(mut args: OrdersArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.target)?;
    if let Some(cursor) = &mut args.list.cursor {
        *cursor = client.find(cursor).await?.to_string();
    }
    let first = client.order_pages(&args.query()).await?;
    let is_all = args.list.all;
    if args.list.json {
        print_array(&client, first, is_all).await?;
    } else if args.list.csv {
        print_csv(&client, first, is_all).await?;
    } else {
        print_table(&client, first, is_all).await?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn print_csv(client: &Client, first: Page, is_all: bool) -> anyhow::Result<()> {
    print(CSV_HEADER)?;
    let mut page = Some(first);
    while let Some(this) = page {
        for order in read::<Vec<OrderView<'_>>>(&this.body)? {
            print(csv_row(&order))?;
        }
        page = if is_all { client.next_page(&this).await? } else { None };
    }
    Ok(())
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
    if let Some(cursor) = page.next_cursor() {
        eprintln!("There may be more: --all, or --cursor {cursor}");
    }
    Ok(())
}
