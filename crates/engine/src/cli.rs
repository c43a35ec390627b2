//! The command line.

mod orders;
mod serve;
mod trade;
mod values;
mod wallet;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, builder::TypedValueParser};
use clap_complete::Shell;
use infra::config::BackendConfig;
use telemetry::Colors;

pub(crate) use self::{
    orders::OrdersArgs,
    serve::{Hidden, ServeArgs},
    trade::{QuoteArgs, SubmitArgs, TradeArgs},
    wallet::{
        MoneyArgs, OpenArgs, PostingsArgs, ResetArgs, ShowArgs, TransferArgs, WalletArgs, WalletCommand,
    },
};
use crate::client::HeaderArgs;

const AFTER_HELP: &str = "\
Examples:
  engine submit --in SOL --out USDC --amount-in 1       place an order
  engine orders --status failed --since 2h              list orders
  engine explain 9b2f41c7                               by the end of its id

Settings of the engine: engine serve --help
Exit status: 0 success, 1 not confirmed or a problem found, 2 not carried out";

const SERVE_HELP: &str = "\
Each setting is also an environment variable, or a line of .env in this folder:
--max-attempts 5 is MAX_ATTEMPTS=5. To see which are in force: engine config";

const SUBMIT_USAGE: &str = "\
engine submit [OPTIONS] --in <TOKEN> --out <TOKEN>
                     <--amount-in <AMOUNT>|--amount-out <AMOUNT>>";

const QUOTE_USAGE: &str = "\
engine quote [OPTIONS] --in <TOKEN> --out <TOKEN>
                    <--amount-in <AMOUNT>|--amount-out <AMOUNT>>";

/// What the help of a command says that takes the settings too.
const SETTINGS_APPLY: &str = "Takes the settings of an engine as well: see engine serve --help";
const DATA_FOLDER: &str = "The data folder is --data-dir or DATA_DIR [default: data]";

/// Order execution engine for Solana DEXs. Without a command it starts one.
#[derive(Debug, Parser)]
#[command(name = "engine", version = process::version(), args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Colors: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true,
        hide_default_value = true
    )]
    pub(crate) color: Colors,
    #[command(flatten)]
    pub(crate) serve: Hidden<ServeArgs>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start an engine, API and worker in one process (the default)
    #[command(after_help = SERVE_HELP)]
    Serve(Box<ServeArgs>),
    /// Place a few orders and watch them; starts an engine if none runs
    #[command(after_help = SETTINGS_APPLY)]
    Demo(Box<DemoArgs>),
    /// Place an order and follow it to its end
    #[command(override_usage = SUBMIT_USAGE)]
    Submit(SubmitArgs),
    /// Show what the venues would give now
    #[command(override_usage = QUOTE_USAGE)]
    Quote(QuoteArgs),
    /// Follow an order to its end
    Watch(WatchArgs),
    /// List and search orders
    Orders(OrdersArgs),
    /// List the events of an order
    Events(EventsArgs),
    /// Explain how an order was executed
    Explain(ExplainArgs),
    /// Cancel orders by id, pair, tag or wallet, or all of them
    Cancel(CancelArgs),
    /// Resume a parked order at once
    Resume(ResumeArgs),
    /// Show a wallet and what it has earned; move paper money
    Wallet(WalletArgs),
    /// List the tokens that can be traded
    Tokens(ReadArgs),
    /// List the venues
    Venues(ReadArgs),
    /// Show live figures of an engine
    Top(TopArgs),
    /// Check settings, servers and this machine
    #[command(after_help = SETTINGS_APPLY)]
    Doctor(Box<DoctorArgs>),
    /// Show the settings in force and where they come from
    #[command(after_help = SETTINGS_APPLY)]
    Config(Box<ConfigArgs>),
    /// Measure how fast an engine is on this machine
    Bench(BenchArgs),
    /// Copy the orders of an `SQLite` engine, even while it runs
    #[command(after_help = DATA_FOLDER)]
    Backup(Box<BackupArgs>),
    /// Restore a backup while the engine is stopped
    #[command(after_help = DATA_FOLDER)]
    Restore(Box<RestoreArgs>),
    /// Print completions for a shell
    Completions(CompletionsArgs),
}

/// Which engine a command talks to.
#[derive(Debug, Clone, Args)]
pub(crate) struct TargetArgs {
    /// Address of the engine [default: PORT of this machine]
    #[arg(long, env = "ENGINE_URL")]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) headers: HeaderArgs,
}

impl TargetArgs {
    /// What makes another command talk to the same engine; empty if it does by itself.
    pub(crate) fn flag(&self) -> String {
        let is_usual = |url: &String| std::env::var("ENGINE_URL").is_ok_and(|usual| usual == *url);
        self.url.as_ref().filter(|url| !is_usual(url)).map(|url| format!(" --url {url}")).unwrap_or_default()
    }
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Print the orders as one JSON array
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) serve: Hidden<ServeArgs>,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Load this engine instead of a temporary one; several share the load. Needs --yes
    #[arg(long)]
    pub(crate) url: Vec<String>,
    /// Place orders at the engines of --url
    #[arg(long)]
    pub(crate) yes: bool,
    /// Connections; each sends its next order when it is answered
    #[arg(
        long,
        value_name = "N",
        default_value_t = 64,
        value_parser = clap::value_parser!(u16).range(1..).map(usize::from)
    )]
    pub(crate) concurrency: usize,
    /// Orders per second, sent on schedule whether or not earlier ones were answered
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rate: Option<u32>,
    /// How long orders are placed, seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) seconds: u64,
    /// Number of orders, however long that takes
    #[arg(long, value_name = "N", conflicts_with = "seconds", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) orders: Option<u64>,
    /// `WebSocket`s that follow orders just placed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) followers: usize,
    /// Do not wait for the orders to end
    #[arg(long)]
    pub(crate) accept_only: bool,
    /// How long to wait for all orders to end, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) patience_s: u64,
    /// Print the figures as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw the latencies into this file, as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) headers: HeaderArgs,
}

/// An order of a command that takes one.
#[derive(Debug, Clone, Args)]
pub(crate) struct OrderArg {
    /// Id of the order, or its last digits (at least 4)
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub(crate) order: OrderArg,
    /// Start after this event number
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    pub(crate) after: u32,
    /// Print each event as one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    #[command(flatten)]
    pub(crate) order: OrderArg,
    /// Start after this event number
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    pub(crate) after: u32,
    /// Print the API's answer, one JSON array
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) order: OrderArg,
    /// Print full signatures and exact times, also on a terminal
    #[arg(long)]
    pub(crate) long: bool,
    /// Print the API's answer, one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) target: TargetArgs,
}

const CANCEL_USAGE: &str = "\
engine cancel [OPTIONS] <ID>...
       engine cancel [OPTIONS] [--pair <PAIR>] [--tag <TAG>] [--wallet <NAME>]
       engine cancel [OPTIONS] --all";

#[derive(Debug, Args)]
#[command(override_usage = CANCEL_USAGE, group = clap::ArgGroup::new("which").required(true).multiple(true))]
pub(crate) struct CancelArgs {
    /// Ids of orders, or their last digits (at least 4)
    #[arg(group = "which", conflicts_with_all = ["pair", "tag", "wallet", "all"], value_name = "ID")]
    pub(crate) ids: Vec<String>,
    /// Every order of a pair, in either direction, such as SOL/USDC
    #[arg(long, group = "which", conflicts_with = "all")]
    pub(crate) pair: Option<String>,
    /// Every order with this tag
    #[arg(long, group = "which", conflicts_with = "all")]
    pub(crate) tag: Option<String>,
    /// Every order that trades from this wallet: name or id
    #[arg(long, group = "which", conflicts_with = "all", value_name = "NAME")]
    pub(crate) wallet: Option<String>,
    /// Every order that has not ended
    #[arg(long, group = "which")]
    pub(crate) all: bool,
    /// Print the API's answers, one JSON object for each request
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    pub(crate) order: OrderArg,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) target: TargetArgs,
}

/// Of commands that only print what the API says.
#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    /// Print the API's answer, one JSON array
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TopArgs {
    /// Print one snapshot as text and exit
    #[arg(long)]
    pub(crate) once: bool,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Print the findings as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) serve: Hidden<ServeArgs>,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) target: TargetArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Print one JSON object for each setting
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) serve: Hidden<ServeArgs>,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The folder to create
    pub(crate) folder: PathBuf,
    /// Print what was backed up as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) backend: Hidden<BackendConfig>,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The backup
    pub(crate) folder: PathBuf,
    /// Move existing data into a subfolder replaced-… first
    #[arg(long)]
    pub(crate) replace: bool,
    /// Print what was restored as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) backend: Hidden<BackendConfig>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}
