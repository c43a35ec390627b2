//! The arguments of commands that ask for a trade.

use clap::{ArgGroup, Args, value_parser};

use super::{
    TargetArgs,
    values::{amount, idempotency_key},
};

/// What to trade.
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("amount").required(true).args(["amount_in", "amount_out"]))]
pub(crate) struct TradeArgs {
    /// Token to spend: symbol or mint
    #[arg(long = "in", value_name = "TOKEN")]
    pub(crate) token_in: String,
    /// Token to receive: symbol or mint
    #[arg(long = "out", value_name = "TOKEN")]
    pub(crate) token_out: String,
    /// Spend exactly this much, in whole tokens
    #[arg(
        long,
        value_name = "AMOUNT",
        value_parser = amount
    )]
    pub(crate) amount_in: Option<String>,
    /// Receive exactly this much, in whole tokens
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    pub(crate) amount_out: Option<String>,
    /// Maximum slippage from the quote, in basis points: 50 is 0.5 %
    #[arg(long, value_name = "BPS")]
    pub(crate) slippage_bps: Option<u16>,
    /// With --amount-in: receive at least this much, whatever the slippage
    #[arg(
        long,
        value_name = "AMOUNT",
        conflicts_with = "amount_out",
        value_parser = amount
    )]
    pub(crate) min_amount_out: Option<String>,
    /// With --amount-out: spend at most this much, whatever the slippage
    #[arg(
        long,
        value_name = "AMOUNT",
        conflicts_with = "amount_in",
        value_parser = amount
    )]
    pub(crate) max_amount_in: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct QuoteArgs {
    #[command(flatten)]
    pub(crate) trade: TradeArgs,
    /// Print the API's answer, one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SubmitArgs {
    #[command(flatten)]
    pub(crate) trade: TradeArgs,
    /// Name or id of the wallet that it trades from, unless that is the default one
    #[arg(long, value_name = "NAME")]
    pub(crate) wallet: Option<String>,
    /// When the order expires: an RFC 3339 time with an offset
    #[arg(long, value_name = "TIME")]
    pub(crate) expires_at: Option<String>,
    /// Expire the order after this many seconds
    #[arg(long, value_name = "SECONDS", conflicts_with = "expires_at", value_parser = value_parser!(u32).range(1..))]
    pub(crate) expires_in: Option<u32>,
    /// Your own id; the same id again gives the same order
    #[arg(long, value_name = "ID")]
    pub(crate) client_order_id: Option<String>,
    /// Your own label, to list orders by
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// The same key again gives the same order
    #[arg(long, value_name = "KEY", value_parser = idempotency_key)]
    pub(crate) idempotency_key: Option<String>,
    /// Print quotes and place nothing
    #[arg(long, conflicts_with_all = ["detach", "idempotency_key"])]
    pub(crate) dry_run: bool,
    /// Print the order's id and do not follow it
    #[arg(long)]
    pub(crate) detach: bool,
    /// Print each event as one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) target: TargetArgs,
}
