//! `chaos`: breaks a running engine and checks that its promises hold.

use std::process::ExitCode;

use clap::Parser;
use reliability::chaos::{self, Options};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let run = async {
        let stop = process::stop_on_signal()?;
        // dropped, a run ends everything it started
        stop.run_until_cancelled(chaos::run(&options))
            .await
            .unwrap_or_else(|| Err(anyhow::anyhow!("stopped")))
    };
    match run.await {
        Ok(summary) => report(&options, &summary),
        Err(error) => {
            eprintln!("chaos: {error:#}");
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::print_stdout, reason = "the summary is what the program is for")]
fn report(options: &Options, summary: &chaos::Summary) -> ExitCode {
    println!("{summary}");
    if let Some(path) = &options.report
        && let Err(error) = std::fs::write(path, summary.markdown())
    {
        eprintln!("chaos: cannot write {}: {error}", path.display());
        return ExitCode::from(2);
    }
    if summary.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
