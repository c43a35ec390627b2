//! `engine bench`: loads a running engine, or one it starts, and measures it.

use std::process::ExitCode;

use anyhow::Context;

use crate::{bench, cli::BenchArgs, client::Client, embedded::Embedded, exit};

#[expect(clippy::print_stdout, reason = "the figures are the result")]
pub(crate) async fn run(args: BenchArgs) -> anyhow::Result<ExitCode> {
    let own_url = args.serve.api.local_url();
    let urls = if args.url.is_empty() { vec![own_url.clone()] } else { args.url.clone() };
    let mut own = None;
    for url in &urls {
        let client = Client::new(url, &args.headers)?;
        if !args.url.is_empty() {
            client.reach().await?;
        } else if !client.is_alive().await {
            eprintln!("no engine runs; starting one at {own_url}");
            own = Some(Embedded::start(&args.serve).await.context("cannot start an engine")?);
        }
    }
    let report = bench::run(&args, &urls).await;
    if let Some(own) = own {
        own.stop().await?;
    }
    let report = report?;
    if let Some(path) = &args.plot {
        let written = std::fs::write(path, report.to_svg());
        written.with_context(|| format!("cannot write {}", path.display()))?;
    }
    if args.json {
        println!("{:#}", report.to_json());
    } else {
        println!("{report}");
    }
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(exit::NOT_SOUND) })
}
