//! `engine submit`: places one order and follows it.

use std::{process::ExitCode, time::Duration};

use anyhow::anyhow;
use domain::ports::Clock;
use infra::clock::SystemClock;
use protocol::ShortageView;

use super::{client, print_events, quote::print_quotes, show_market};
use crate::{
    cli::{SubmitArgs, TargetArgs, TradeArgs},
    client::{OrderRequest, Refused},
    output::print,
    render::words::shell_word,
};

pub(crate) async fn run(args: SubmitArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.target)?;
    let in_seconds = |seconds: u32| SystemClock.now() + Duration::from_secs(seconds.into());
    let order = OrderRequest {
        expires_at: args.expires_at.or(args.expires_in.map(|seconds| in_seconds(seconds).to_string())),
        client_order_id: args.client_order_id,
        wallet: args.wallet,
        tag: args.tag,
        idempotency_key: args.idempotency_key,
        ..args.trade.into()
    };
    if args.dry_run {
        return print_quotes(&client, &order, args.json).await;
    }
    let placed = client.place(&order).await.map_err(|error| advised(error, &order, &args.target))?;
    if args.detach {
        show_market(&client).await;
        print(if args.json { placed.answer } else { placed.id.to_string() })?;
        return Ok(ExitCode::SUCCESS);
    }
    if !args.json {
        print(format_args!("order {}", placed.id))?;
    }
    print_events(&client, &args.target, placed.id, 0, args.json).await
}

/// Adds to a refusal for want of money how to deposit it.
fn advised(error: anyhow::Error, order: &OrderRequest, target: &TargetArgs) -> anyhow::Error {
    let shortages = error.downcast_ref().map(Refused::shortages).unwrap_or_default();
    if shortages.is_empty() {
        return error;
    }
    let amounts = shortages.iter().map(|ShortageView { token, missing, .. }| format!("{token}={missing}"));
    let amounts = amounts.collect::<Vec<_>>().join(" ");
    let wallet = order.wallet.as_ref().map(|wallet| format!(" --wallet {}", shell_word(wallet)));
    anyhow!(
        "{error}. To deposit it: engine wallet deposit {amounts}{}{}",
        wallet.unwrap_or_default(),
        target.flag()
    )
}

impl From<TradeArgs> for OrderRequest {
    fn from(trade: TradeArgs) -> Self {
        Self {
            token_in: trade.token_in,
            token_out: trade.token_out,
            amount_in: trade.amount_in,
            amount_out: trade.amount_out,
            slippage_bps: trade.slippage_bps,
            min_amount_out: trade.min_amount_out,
            max_amount_in: trade.max_amount_in,
            ..Self::default()
        }
    }
}
