//! Real processes over real servers, under load, while a nemesis breaks whatever it can reach.

mod cluster;
mod collect;
mod fault;
mod follower;
mod load;
mod nemesis;
mod options;
mod proxy;
mod service;
mod summary;
mod watcher;

use std::{sync::Arc, time::Duration};

pub use fault::{Fault, Tally};
pub use options::Options;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use summary::Course;
pub use summary::Summary;
use tokio::time::Instant;

use crate::checker;
use cluster::{Cluster, Rest};
use load::Load;
use nemesis::Nemesis;
use watcher::Watchers;

/// How long everything may take to come to rest once the faults are over.
const REST_WITHIN: Duration = Duration::from_mins(3);

/// How long who follows all orders may take to have seen everything once all is at rest.
const CAUGHT_UP_WITHIN: Duration = Duration::from_mins(1);

/// Runs the whole thing: start, load under faults, rest, judgement.
///
/// # Errors
/// When the run itself cannot be carried out. Broken promises are in the summary.
pub async fn run(options: &Options) -> anyhow::Result<Summary> {
    process::install_tls();
    let mut cluster = Cluster::start(options).await?;
    let summary = run_on(&mut cluster, options).await;
    if !summary.as_ref().is_ok_and(Summary::is_clean) {
        cluster.keep_logs();
    }
    summary
}

async fn run_on(cluster: &mut Cluster, options: &Options) -> anyhow::Result<Summary> {
    let mut nemesis = Nemesis::new(ChaCha8Rng::seed_from_u64(options.seed), options);
    let load = Arc::new(Load::new(cluster.apis(), options));
    load.open_poor_wallet().await?;
    let watchers = Watchers::start(&cluster.apis(), options.seed).await;
    let started = Instant::now();
    let under_load = tokio::spawn(load.clone().run(options.duration()));
    nemesis.inject_faults(cluster, started + options.duration(), || load.progress()).await?;
    nemesis.relent(cluster).await?;
    under_load.await?;

    let deadline = Instant::now() + REST_WITHIN;
    // clients first: a request that was under way may still become an order
    let relented = Instant::now();
    let records = load.finish(deadline).await;
    let open = cluster.rest(deadline).await;
    let rest = Rest { took: relented.elapsed(), open };
    let mut evidence = collect::evidence(cluster, records).await?;
    let count = evidence.orders.iter().map(|record| record.events.len()).sum();
    evidence.feeds = watchers.finish(count, Instant::now() + CAUGHT_UP_WITHIN).await?;
    let violations = checker::check(&evidence);
    let course = Course { took: started.elapsed(), rest, tally: nemesis.tally, repeated: load.repeated() };
    Ok(Summary::new(options, course, &evidence, violations))
}
