//! `engine orders`: the newest orders.

use std::process::ExitCode;

use super::{client, read};
use crate::{cli::OrdersArgs, output::print, render::order_table};

pub(crate) async fn run(args: OrdersArgs) -> anyhow::Result<ExitCode> {
    let OrdersArgs { target, status, parked, tag, limit, .. } = &args;
    let answer = client(target)?.orders(*status, *parked, tag.as_deref(), *limit).await?;
    if args.json {
        print(answer)?;
    } else {
        match read(&answer)?.as_array().map(Vec::as_slice) {
            None | Some([]) => print("no orders")?,
            Some(orders) => print(order_table(orders))?,
        }
    }
    Ok(ExitCode::SUCCESS)
}
