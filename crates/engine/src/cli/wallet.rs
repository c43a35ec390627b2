//! The arguments of `engine wallet`.

use clap::{Args, Subcommand, value_parser};

use super::{
    ReadArgs, TargetArgs,
    values::{idempotency_key, payment},
};
use crate::client::DEFAULT_WALLET;

const USAGE: &str = "\
engine wallet [--wallet <NAME>] [--json]
       engine wallet <COMMAND>";

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, override_usage = USAGE)]
pub(crate) struct WalletArgs {
    #[command(subcommand)]
    pub(crate) command: Option<WalletCommand>,
    #[command(flatten)]
    pub(crate) show: ShowArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WalletCommand {
    /// List your wallets and what they are worth
    List(ReadArgs),
    /// Open another paper wallet
    Open(OpenArgs),
    /// Deposit paper money
    Deposit(TransferArgs),
    /// Withdraw paper money that no order holds
    Withdraw(TransferArgs),
    /// Cancel its open orders and replace its balances
    Reset(ResetArgs),
    /// List its books: what moved, and why
    Postings(PostingsArgs),
}

/// A wallet of a command that takes one.
#[derive(Debug, Clone, Args)]
pub(crate) struct WalletArg {
    /// Name or id of the wallet
    #[arg(long, value_name = "NAME", default_value = DEFAULT_WALLET)]
    pub(crate) wallet: String,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) wallet: WalletArg,
    /// Print the API's answers, the wallet and its pnl, as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) target: TargetArgs,
}

/// Of commands that move paper money.
#[derive(Debug, Args)]
pub(crate) struct MoneyArgs {
    /// Repeating a request with the same key has no further effect
    #[arg(long, value_name = "KEY", value_parser = idempotency_key)]
    pub(crate) idempotency_key: Option<String>,
    /// Print the API's answer, one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct OpenArgs {
    /// Your name for it
    pub(crate) name: String,
    /// Opening balances in whole tokens, such as SOL=10
    #[arg(value_name = "TOKEN=AMOUNT", value_parser = payment)]
    pub(crate) amounts: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) money: MoneyArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TransferArgs {
    /// How much, in whole tokens, such as SOL=10
    #[arg(value_name = "TOKEN=AMOUNT", value_parser = payment, required = true)]
    pub(crate) amounts: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) wallet: WalletArg,
    #[command(flatten)]
    pub(crate) money: MoneyArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ResetArgs {
    /// Starting balances in whole tokens; the engine's `PAPER_BALANCES` by default
    #[arg(value_name = "TOKEN=AMOUNT", value_parser = payment)]
    pub(crate) amounts: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) wallet: WalletArg,
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) money: MoneyArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PostingsArgs {
    #[command(flatten)]
    pub(crate) wallet: WalletArg,
    /// Maximum number of entries, 20 by default; with --all, of each page
    #[arg(long, value_parser = value_parser!(u32).range(1..=i64::from(PAGE)))]
    pub(crate) limit: Option<u32>,
    /// Start after the entry with this position, the last one of a page
    #[arg(long, value_name = "POSITION")]
    pub(crate) cursor: Option<u64>,
    /// Follow all pages
    #[arg(long)]
    pub(crate) all: bool,
    /// Print all postings as CSV, oldest first
    #[arg(long, conflicts_with_all = ["json", "all", "limit", "cursor"])]
    pub(crate) csv: bool,
    /// Print the API's answer, one JSON array
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) target: TargetArgs,
}

/// Entries that are shown unless all are wanted.
const SHOWN: u32 = 20;
/// The most entries of a page.
const PAGE: u32 = 500;

impl PostingsArgs {
    /// As parameters of `GET /api/wallets/{id}/postings`.
    pub(crate) fn query(&self) -> Vec<(&'static str, String)> {
        let limit = self.limit.unwrap_or(if self.all { PAGE } else { SHOWN });
        let cursor = self.cursor.map(|cursor| ("cursor", cursor.to_string()));
        cursor.into_iter().chain([("limit", limit.to_string())]).collect()
    }
}
