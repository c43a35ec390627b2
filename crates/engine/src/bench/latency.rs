use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// Latencies, to three digits, however long they are.
#[derive(Debug, Clone)]
pub(super) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(super) fn new() -> Self {
        Self(Histogram::new(3).expect("the number of digits is constant and valid"))
    }

    pub(super) fn add(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let _ = self.0.record(micros); // it grows with its values, so nothing can be out of its bounds
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let _ = self.0.add(&other.0); // as above
    }

    pub(super) fn count(&self) -> u64 {
        self.0.len()
    }

    /// Milliseconds at a quantile.
    pub(super) fn at(&self, quantile: f64) -> f64 {
        millis(self.0.value_at_quantile(quantile))
    }

    pub(super) fn max(&self) -> f64 {
        millis(self.0.max())
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "count": self.count(), "p50Ms": self.at(0.5), "p90Ms": self.at(0.9), "p99Ms": self.at(0.99),
            "p999Ms": self.at(0.999), "maxMs": self.max(),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 285 years")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_is_recorded_as_slow_as_it_was() {
        let mut latencies = Latencies::new();
        for seconds in [1, 290] {
            latencies.add(Duration::from_secs(seconds));
        }
        let mut all = Latencies::new();
        all.merge(&latencies);
        assert!((all.max() - 290_000.0).abs() < 300.0, "{}", all.max());
    }
}
