//! The engine in one process, and the command line that talks to one.

mod bench;
mod cli;
mod client;
mod commands;
mod doctor;
mod embedded;
mod exit;
mod output;
mod render;
mod top;

use std::process::ExitCode;

use cli::{Cli, Command, ServeArgs};
use process::settings::Loaded;

/// Runs the command line and returns its exit status: 0 for success, 1 for an order that did not
/// confirm or a problem that was found, 2 for a command that could not be carried out.
pub fn main() -> ExitCode {
    process::install_tls();
    let loaded = match process::settings::load::<Cli>() {
        Ok(loaded) => loaded,
        Err(refusal) => match commands::doctor::report_refused(&refusal) {
            Some(reported) => return reported.unwrap_or_else(|error| refuse(&error)),
            None => refusal.exit("engine"),
        },
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&error.into()),
    };
    runtime.block_on(run(loaded)).unwrap_or_else(|error| refuse(&error))
}

fn refuse(error: &anyhow::Error) -> ExitCode {
    if !output::is_closed(error) {
        eprintln!("engine: {error:#}");
    }
    exit::NOT_DONE.into()
}

async fn run(loaded: Loaded<Cli>) -> anyhow::Result<ExitCode> {
    let Loaded { settings: cli, dotenv, warnings, effective } = loaded;
    let from = Loaded { settings: (), dotenv, warnings, effective };
    output::set_colors(cli.color);
    let serve = |mut args: ServeArgs| {
        args.log.colors = cli.color;
        args
    };
    match cli.command {
        None => commands::serve::run(serve(cli.serve.0), &from).await,
        Some(Command::Serve(args)) => commands::serve::run(serve(*args), &from).await,
        Some(Command::Demo(args)) => commands::demo::run(*args).await,
        Some(Command::Submit(args)) => commands::submit::run(args).await,
        Some(Command::Quote(args)) => commands::quote::run(args).await,
        Some(Command::Cancel(args)) => commands::cancel::run(args).await,
        Some(Command::Bench(args)) => commands::bench::run(args).await,
        Some(Command::Watch(args)) => commands::watch::run(args).await,
        Some(Command::Orders(args)) => commands::orders::run(args).await,
        Some(Command::Events(args)) => commands::events::run(args).await,
        Some(Command::Explain(args)) => commands::explain::run(args).await,
        Some(Command::Resume(args)) => commands::resume::run(args).await,
        Some(Command::Wallet(args)) => commands::wallet::run(args).await,
        Some(Command::Tokens(args)) => commands::lists::tokens(args).await,
        Some(Command::Venues(args)) => commands::lists::venues(args).await,
        Some(Command::Top(args)) => commands::top::run(args).await,
        Some(Command::Doctor(args)) => commands::doctor::run(*args, &from.warnings).await,
        Some(Command::Config(args)) => commands::config::run(&args, &from),
        Some(Command::Backup(args)) => commands::backup::create(*args).await,
        Some(Command::Restore(args)) => commands::backup::restore(*args).await,
        Some(Command::Completions(args)) => commands::completions::run(&args),
    }
}
