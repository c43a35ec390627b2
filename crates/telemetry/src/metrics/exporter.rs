//! The Prometheus side.

use std::{sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::catalogue;

/// The content type of [`render`]: the Prometheus text exposition format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Bounds of the histograms of time: an event delivered to an expired transaction.
const SECONDS: [f64; 16] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 90.0];
/// Bounds of the histogram of group sizes.
const SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// How often samples are counted into their buckets; a scrape does it too.
const COUNT_EVERY: Duration = Duration::from_secs(5);

static EXPORTER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts recording metrics for the whole process, on the current runtime. Later calls do nothing.
///
/// # Errors
/// When the process has another metrics recorder.
pub fn start() -> anyhow::Result<()> {
    if EXPORTER.get().is_some() {
        return Ok(());
    }
    let exporter = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Full(catalogue::STORE_GROUP.to_owned()), &SIZES)?
        .install_recorder()?;
    catalogue::describe();
    let upkeep = exporter.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(COUNT_EVERY).await;
            upkeep.run_upkeep();
        }
    });
    let _ = EXPORTER.set(exporter); // a call that lost the race could not install a recorder either
    Ok(())
}

/// The current metrics in the Prometheus text format. Empty before [`start`].
pub fn render() -> String {
    EXPORTER.get().map(PrometheusHandle::render).unwrap_or_default()
}
