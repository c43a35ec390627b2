//! The Prometheus side.

use std::{sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::catalogue;

/// The type of what [`render`] gives: the text exposition format of Prometheus.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Bounds of the histograms of time: an event delivered to an expired transaction.
const SECONDS: [f64; 16] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 90.0];
/// Bounds of the histogram of group sizes.
const SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// Samples gather until they are counted into their buckets: at a scrape, or now.
const COUNT_EVERY: Duration = Duration::from_secs(5);

static EXPORTER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts counting for the whole process, on the current runtime. Later calls do nothing.
///
/// # Errors
/// When something else in the process counts already.
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
    let _ = EXPORTER.set(exporter); // whoever lost the race could not install a recorder either
    Ok(())
}

/// Everything as it stands, in the text format of Prometheus. Empty before [`start`].
pub fn render() -> String {
    EXPORTER.get().map(PrometheusHandle::render).unwrap_or_default()
}
