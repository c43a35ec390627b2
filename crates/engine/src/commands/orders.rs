//! `engine orders`: the newest orders.

use std::process::ExitCode;

use protocol::OrderView;

use super::{client, read, show_market};
use crate::{cli::OrdersArgs, output::print, render::order_table};

pub(crate) async fn run(args: OrdersArgs) -> anyhow::Result<ExitCode> {
    let OrdersArgs { target, status, parked, tag, limit, .. } = &args;
    let client = client(target)?;
    let answer = client.orders(*status, *parked, tag.as_deref(), *limit).await?;
    if args.json {
        print(answer)?;
    } else {
        show_market(&client).await;
        let orders: Vec<OrderView<'_>> = read(&answer)?;
        if orders.is_empty() {
            print("no orders")?;
        } else {
            print(order_table(&orders))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
