//! `engine` and `engine serve`: API and worker in one process.

use std::process::ExitCode;

use process::settings::Loaded;

use super::DEFAULT_PORT;
use crate::{cli::ServeArgs, embedded::Embedded, output::print};

/// `from` is where the settings come from.
pub(crate) async fn run(args: ServeArgs, from: &Loaded<()>) -> anyhow::Result<ExitCode> {
    if args.check {
        process::ask_ready(args.api.port)?;
        return Ok(ExitCode::SUCCESS);
    }
    let _telemetry = telemetry::init(&args.log, "engine")?;
    from.log();
    let asked = process::stop_on_signal()?;
    let engine = Embedded::start(&args, &from.effective).await?;
    print_welcome(&format!("http://{}", engine.address), args.api.port == DEFAULT_PORT);
    engine.run_until(asked).await?;
    Ok(ExitCode::SUCCESS)
}

fn print_welcome(url: &str, is_usual: bool) {
    let target = if is_usual { String::new() } else { format!(" --url {url}") };
    let welcome = format!(
        "The engine listens at {url}\n\
         \n  dashboard  {url}/\n  health     {url}/health\n  orders     {url}/api/orders\n\
         \nPlace an order:\n\
         \n  curl -s {url}/api/orders/execute -H 'content-type: application/json' \\\
         \n    -d '{{\"tokenIn\":\"SOL\",\"tokenOut\":\"USDC\",\"amountIn\":\"1\"}}'\n\
         \nor watch a few: engine demo{target}\n"
    );
    let _ = print(welcome); // an engine keeps running when its output is closed
}
