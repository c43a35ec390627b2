use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// A minute, in microseconds: anything slower is recorded as a minute.
const LONGEST_MICROS: u64 = 60_000_000;

/// Latencies, to three digits.
#[derive(Debug, Clone)]
pub(super) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(super) fn new() -> Self {
        Self(Histogram::new_with_max(LONGEST_MICROS, 3).expect("the bounds are constant and valid"))
    }

    pub(super) fn add(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(LONGEST_MICROS);
        self.0.saturating_record(micros.min(LONGEST_MICROS));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let _ = self.0.add(&other.0); // the bounds are the same, so nothing can be out of them
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

#[expect(clippy::cast_precision_loss, reason = "a minute in microseconds is exact in a float")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}
