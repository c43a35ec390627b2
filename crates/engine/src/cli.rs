//! The command line.

use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use clap_complete::Shell;
use domain::{OrderId, OrderStatus};
use infra::config::BackendConfig;
use telemetry::LogConfig;
use venues::VenueConfig;
use worker::WorkerConfig;

use crate::client::HeaderArgs;

const EXIT_STATUSES: &str = "\
Exit status of every command:
  0  success
  1  the order did not confirm, or a problem was found
  2  the command could not be carried out; standard error says why";

/// Order execution engine for Solana DEXs: takes orders, routes them to the best of Raydium and
/// Meteora, executes them exactly once in effect and streams every step.
///
/// Without a command it serves API and worker in one process, with nothing else installed.
#[derive(Debug, Parser)]
#[command(name = "engine", version, args_conflicts_with_subcommands = true, after_help = EXIT_STATUSES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve API and worker in one process (the default)
    Serve(Box<ServeArgs>),
    /// Submit five orders at once and draw their progress; starts an engine if none answers
    Demo(Box<DemoArgs>),
    /// Place one order and follow it to its end
    Submit(SubmitArgs),
    /// Measure how fast an engine is on this machine, under load
    Bench(BenchArgs),
    /// Follow an order to its end
    Watch(WatchArgs),
    /// List the newest orders
    Orders(OrdersArgs),
    /// Explain how an order was executed, step by step
    Explain(ExplainArgs),
    /// Cancel orders: by their ids, a pair, a tag, or all of them
    Cancel(CancelArgs),
    /// Resume a parked order at once: one whose executions were lost again and again
    Resume(ResumeArgs),
    /// Show live figures of an engine: orders in flight, rates, latencies, venues, failures
    Top(TopArgs),
    /// Diagnose configuration, servers and this machine
    Doctor(Box<DoctorArgs>),
    /// Copy the orders of an engine without `PostgreSQL` into a new folder, also while it runs
    Backup(Box<BackupArgs>),
    /// Restore a backup into the data folder of an engine that is not running
    Restore(Box<RestoreArgs>),
    /// Print completions for a shell
    Completions(CompletionsArgs),
}

/// Everything an embedded engine is configured by.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) backend: BackendConfig,
    #[command(flatten)]
    pub(crate) api: api::ApiConfig,
    #[command(flatten)]
    pub(crate) worker: WorkerConfig,
    #[command(flatten)]
    pub(crate) venues: VenueConfig,
    #[command(flatten)]
    pub(crate) log: LogConfig,
}

impl ServeArgs {
    /// The settings of the environment and `.env`, without any flag.
    ///
    /// # Errors
    /// When one of them is wrong.
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        #[derive(Parser)]
        struct Environment {
            #[command(flatten)]
            serve: ServeArgs,
        }
        Ok(Environment::try_parse_from(["engine"])?.serve)
    }
}

/// Which engine a command talks to.
#[derive(Debug, Clone, Args)]
pub(crate) struct TargetArgs {
    /// Address of the engine, such as `http://127.0.0.1:3000`
    #[arg(long, env = "ENGINE_URL")]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) headers: HeaderArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SubmitArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
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
        required_unless_present = "amount_out",
        conflicts_with = "amount_out"
    )]
    pub(crate) amount_in: Option<String>,
    /// Receive exactly this much, in whole tokens
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) amount_out: Option<String>,
    /// How much worse than the quote the result may be, basis points
    #[arg(long)]
    pub(crate) slippage_bps: Option<u16>,
    /// With --amount-in: receive at least this much, in whole tokens, whatever the slippage allows
    #[arg(long, value_name = "AMOUNT", conflicts_with = "amount_out")]
    pub(crate) min_amount_out: Option<String>,
    /// With --amount-out: spend at most this much, in whole tokens, whatever the slippage allows
    #[arg(long, value_name = "AMOUNT", conflicts_with = "amount_in")]
    pub(crate) max_amount_in: Option<String>,
    /// When the order expires: an RFC 3339 time with an offset
    #[arg(long, value_name = "TIME")]
    pub(crate) expires_at: Option<String>,
    /// Expire the order after this many seconds
    #[arg(long, value_name = "SECONDS", conflicts_with = "expires_at")]
    pub(crate) expires_in: Option<u32>,
    /// Your own id for the order; the same id again gives the same order
    #[arg(long)]
    pub(crate) client_order_id: Option<String>,
    /// Your own label of the order, to list it by; it identifies no order
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// Print each event as the engine sends it, one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Load this engine, such as `http://127.0.0.1:3000`, instead of one in a temporary folder; several share the
    /// load. Needs --yes
    #[arg(long)]
    pub(crate) url: Vec<String>,
    /// Place orders at the engines of --url
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) headers: HeaderArgs,
    /// Connections; in a closed loop each asks as soon as it is answered
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..).map(usize::from))]
    pub(crate) concurrency: usize,
    /// Orders a second, open loop: each at its time, whether or not earlier ones were answered, and
    /// its latency counts from that time
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rate: Option<u32>,
    /// How long orders are placed, seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) seconds: u64,
    /// Number of orders, however long that takes
    #[arg(long, conflicts_with = "seconds")]
    pub(crate) orders: Option<u64>,
    /// Sockets that follow orders just placed, one after the other
    #[arg(long, default_value_t = 0)]
    pub(crate) followers: usize,
    /// Do not wait for the orders to end, as when no worker runs
    #[arg(long)]
    pub(crate) accept_only: bool,
    /// How long to wait for all orders to end, seconds
    #[arg(long, default_value_t = 300)]
    pub(crate) patience_s: u64,
    /// Print the figures as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw the latencies into this file, as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The order
    pub(crate) id: OrderId,
    /// Leave out the events up to this one
    #[arg(long, default_value_t = 0)]
    pub(crate) after: u32,
    /// Print each event as the engine sends it, one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OrdersArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Only orders in this status
    #[arg(long, value_parser = order_status())]
    pub(crate) status: Option<OrderStatus>,
    /// Only parked orders: those that lost five claims in a row
    #[arg(long)]
    pub(crate) parked: bool,
    /// Only orders with this tag
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// The most orders to list
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) limit: u32,
    /// Print them as the API gives them, one JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The order
    pub(crate) id: OrderId,
    /// Print what the API gives, one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true))]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The orders
    #[arg(group = "which", conflicts_with_all = ["pair", "tag", "all"], value_name = "ID")]
    pub(crate) ids: Vec<OrderId>,
    /// Every order of a pair, in either direction, such as `SOL/USDC`
    #[arg(long, group = "which", conflicts_with = "all")]
    pub(crate) pair: Option<String>,
    /// Every order with this tag
    #[arg(long, group = "which", conflicts_with = "all")]
    pub(crate) tag: Option<String>,
    /// Every order that has not ended
    #[arg(long, group = "which")]
    pub(crate) all: bool,
    /// Print what the API gives, one JSON object for each request
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The order
    pub(crate) id: OrderId,
}

#[derive(Debug, Args)]
pub(crate) struct TopArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Print what was found as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The folder to create
    pub(crate) folder: PathBuf,
    /// Print what was backed up as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) backend: BackendConfig,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The backup
    pub(crate) folder: PathBuf,
    /// Move existing data into a subfolder `replaced-…` first
    #[arg(long)]
    pub(crate) replace: bool,
    /// Print what was restored as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) backend: BackendConfig,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

fn order_status() -> impl TypedValueParser<Value = OrderStatus> {
    PossibleValuesParser::new(OrderStatus::ALL.map(OrderStatus::as_str))
        .try_map(|text| text.parse::<OrderStatus>())
}
