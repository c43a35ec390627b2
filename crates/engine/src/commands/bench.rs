//! `engine bench`: measures an engine of its own, or loads ones that run.

use std::{io::ErrorKind, process::ExitCode, time::Duration};

use anyhow::{Context, ensure};
use tempfile::TempDir;
use tokio::time::sleep;
use venues::{Preset, VenueConfig};

use crate::{
    bench,
    cli::{BenchArgs, ServeArgs},
    client::Client,
    embedded::Embedded,
    exit, output,
};

/// SOL in the wallet of an engine of its own: more than any run spends.
const BUDGET: &str = "9000000000";

#[expect(clippy::print_stdout, reason = "the figures are the result")]
pub(crate) async fn run(args: BenchArgs) -> anyhow::Result<ExitCode> {
    let asked = process::stop_on_signal()?;
    let own = if args.url.is_empty() { Some(Own::start().await?) } else { None };
    let urls = own.as_ref().map_or_else(|| args.url.clone(), |own| vec![own.url()]);
    if own.is_none() {
        check_targets(&args).await?;
    }
    let report = asked.run_until_cancelled(bench::run(&args, &urls)).await;
    if let Some(own) = own {
        own.stop().await?;
    }
    let Some(report) = report.transpose()? else {
        eprintln!("Interrupted before there was a result");
        return Ok(ExitCode::from(exit::INTERRUPTED));
    };
    if let Some(path) = &args.plot {
        let written = std::fs::write(path, report.to_svg());
        written.with_context(|| format!("cannot write {}", path.display()))?;
    }
    if args.json {
        println!("{:#}", report.to_json());
    } else {
        println!("{}", report.text(output::width()));
    }
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(exit::NOT_SOUND) })
}

/// Engines that somebody uses get orders only if that is meant, and only on paper.
async fn check_targets(args: &BenchArgs) -> anyhow::Result<()> {
    let named = args.url.join(", ");
    ensure!(args.yes, "this places thousands of orders at {named}: repeat it with --yes if you mean that");
    for url in &args.url {
        let client = Client::new(url, &args.headers)?;
        client.reach().await?;
        super::require_paper(&client, "bench").await?;
    }
    Ok(())
}

/// An engine in a temporary folder, on a free port, whose market costs no time.
struct Own {
    engine: Embedded,
    folder: TempDir,
}

impl Own {
    async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let mut serve = ServeArgs::from_environment()?;
        serve.backend.database_url = None;
        serve.backend.redis_url = None;
        serve.backend.data_dir = folder.path().to_owned();
        "127.0.0.1".clone_into(&mut serve.api.host);
        serve.api.port = 0;
        serve.venues = VenueConfig::preset(Preset::Instant);
        serve.api.paper_balances = vec![("SOL".to_owned(), BUDGET.to_owned())];
        let engine = Embedded::start(&serve, &[]).await.context("cannot start an engine")?;
        eprintln!("measuring a temporary engine, with orders in {}", folder.path().display());
        Ok(Self { engine, folder })
    }

    fn url(&self) -> String {
        format!("http://{}", self.engine.address)
    }

    async fn stop(self) -> anyhow::Result<()> {
        let stopped = self.engine.stop().await;
        remove(self.folder).await;
        stopped
    }
}

/// Removes the folder. A connection that is being opened or closed on a thread of its own may put a file there meanwhile.
async fn remove(folder: TempDir) {
    const TRIES: u32 = 100;
    const BETWEEN_TRIES: Duration = Duration::from_millis(20);
    let path = folder.keep();
    for _ in 0..TRIES {
        match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => sleep(BETWEEN_TRIES).await,
            _ => return,
        }
    }
}
