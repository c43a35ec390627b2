//! `engine bench`: a load generator, and the check of what it measured.

mod connection;
mod follow;
mod latency;
mod load;
mod plot;
mod report;
mod verify;

use std::{sync::Arc, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::{Instant, interval};

use crate::{cli::BenchArgs, client::Endpoint};
use follow::Followers;
use load::Load;
pub(crate) use report::Report;

/// Loads the engines at `urls`, waits until every order has ended, and checks all of it.
///
/// # Errors
/// When an engine cannot be reached.
pub(crate) async fn run(args: &BenchArgs, urls: &[String]) -> anyhow::Result<Report> {
    let targets = urls.iter().map(|url| Endpoint::parse(url, &args.headers));
    let targets = targets.collect::<anyhow::Result<Vec<_>>>()?;
    let followers = Followers::start(&targets, args.followers);
    let load = Arc::new(Load::new(targets.clone(), args));
    let began = Instant::now();
    let progress = tokio::spawn(show_progress(load.clone()));
    let accepted = load.clone().run(&followers).await?;
    let loaded_for = began.elapsed();
    progress.abort();
    let followed = followers.finish().await;
    let ended = if args.accept_only {
        verify::Ended::default()
    } else {
        verify::wait_for_all(&targets, &accepted.orders, Duration::from_secs(args.patience_s)).await?
    };
    Ok(Report::new(args, accepted, loaded_for, followed, ended))
}

async fn show_progress(load: Arc<Load>) {
    let line = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
        line.set_style(style);
    }
    let mut ticks = interval(Duration::from_millis(200));
    let mut before = 0;
    loop {
        ticks.tick().await;
        let accepted = load.accepted();
        line.set_message(format!("{accepted} orders accepted, {} /s", (accepted - before) * 5));
        before = accepted;
        line.tick();
    }
}
