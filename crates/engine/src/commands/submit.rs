//! `engine submit`: places one order and follows it.

use std::{process::ExitCode, time::Duration};

use domain::ports::Clock;
use infra::clock::SystemClock;

use super::{client, print_events};
use crate::{cli::SubmitArgs, client::OrderRequest, output::print};

pub(crate) async fn run(args: SubmitArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.target)?;
    let in_seconds = |seconds: u32| SystemClock.now() + Duration::from_secs(seconds.into());
    let order = OrderRequest {
        token_in: args.token_in,
        token_out: args.token_out,
        amount_in: args.amount_in,
        amount_out: args.amount_out,
        slippage_bps: args.slippage_bps,
        min_amount_out: args.min_amount_out,
        max_amount_in: args.max_amount_in,
        expires_at: args.expires_at.or(args.expires_in.map(|seconds| in_seconds(seconds).to_string())),
        client_order_id: args.client_order_id,
        tag: args.tag,
    };
    let id = client.place(&order).await?;
    if !args.json {
        print(format_args!("order {id}"))?;
    }
    print_events(&client, id, 0, args.json).await
}
