//! `check`: whether what an engine has stored keeps its promises. For an engine at rest.

use std::process::ExitCode;

use clap::Parser;
use infra::config::BackendConfig;
use reliability::{
    checker::{Rule, check_stored},
    stored,
};

/// Violations that are printed whole.
const SHOWN: usize = 5;

/// Checks the databases of an engine at rest: every order has ended, at most one of its transactions
/// landed, its events are gapless and give its row.
#[derive(Debug, Parser)]
struct Options {
    #[command(flatten)]
    backend: BackendConfig,
    /// Attempts that an order gets in all
    #[arg(long, default_value_t = 3)]
    max_attempts: u32,
    /// Orders may still be open, as after a run without workers
    #[arg(long)]
    open_orders: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(exit) => exit,
        Err(error) => {
            eprintln!("check: {error:#}");
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::print_stdout, reason = "the judgement is what the program is for")]
async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let evidence = stored::evidence(&options.backend, options.max_attempts).await?;
    let mut violations = check_stored(&evidence);
    violations.retain(|violation| !(options.open_orders && violation.rule == Rule::Terminates));
    println!(
        "{} orders, {} transactions, {} violations",
        evidence.orders.len(),
        evidence.transactions.len(),
        violations.len()
    );
    for violation in violations.iter().take(SHOWN) {
        println!("\n{violation}");
    }
    Ok(if violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
