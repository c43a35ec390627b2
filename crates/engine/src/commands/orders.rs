//! `engine orders`: the newest orders.

use std::process::ExitCode;

use protocol::OrderView;

use super::{client, read};
use crate::{cli::OrdersArgs, output::print, render::order_table};

pub(crate) async fn run(args: OrdersArgs) -> anyhow::Result<ExitCode> {
    let OrdersArgs { target, status, parked, tag, limit, .. } = &args;
    let answer = client(target)?.orders(*status, *parked, tag.as_deref(), *limit).await?;
    if args.json {
        print(answer)?;
    } else {
        let orders: Vec<OrderView<'_>> = read(&answer)?;
        if orders.is_empty() {
            print("no orders")?;
        } else {
            print(order_table(&orders))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
