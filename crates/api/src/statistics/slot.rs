use std::collections::BTreeMap;

use domain::{FailureCode, VenueId};
use hdrhistogram::Histogram;
use protocol::{CauseCountsView, EventCountsView, LatencyView, Stage, VenueCountsView};

/// Anything slower is recorded as ten minutes, in microseconds.
const LONGEST_MICROS: u64 = 600_000_000;

/// What happened in a period.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot {
    pub(super) counts: EventCountsView,
    stages: BTreeMap<Stage, Latencies>,
    venues: BTreeMap<VenueId, VenueCounts>,
    causes: BTreeMap<&'static str, CauseCounts>,
}

#[derive(Debug, Clone, Copy, Default)]
struct VenueCounts {
    quotes: u64,
    wins: u64,
    fills: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct CauseCounts {
    retried: u64,
    failed: u64,
}

impl Slot {
    pub(super) fn took(&mut self, stage: Stage, micros: u64) {
        self.stages.entry(stage).or_default().add(micros);
    }

    pub(super) fn quoted(&mut self, venue: VenueId) {
        self.venue(venue).quotes += 1;
    }

    pub(super) fn won(&mut self, venue: VenueId) {
        self.venue(venue).wins += 1;
    }

    pub(super) fn filled(&mut self, venue: VenueId) {
        self.venue(venue).fills += 1;
    }

    pub(super) fn retried(&mut self, code: FailureCode) {
        self.causes.entry(code.as_str()).or_default().retried += 1;
    }

    pub(super) fn failed(&mut self, code: FailureCode) {
        self.causes.entry(code.as_str()).or_default().failed += 1;
    }

    fn venue(&mut self, venue: VenueId) -> &mut VenueCounts {
        self.venues.entry(venue).or_default()
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.counts += other.counts;
        for (stage, latencies) in &other.stages {
            self.stages.entry(*stage).or_default().merge(latencies);
        }
        for (venue, counts) in &other.venues {
            let all = self.venue(*venue);
            all.quotes += counts.quotes;
            all.wins += counts.wins;
            all.fills += counts.fills;
        }
        for (code, counts) in &other.causes {
            let all = self.causes.entry(code).or_default();
            all.retried += counts.retried;
            all.failed += counts.failed;
        }
    }

    /// Every stage, in the order in which an order passes them.
    pub(super) fn latencies(&self) -> Vec<LatencyView> {
        let none = Latencies::default();
        Stage::ALL.into_iter().map(|stage| self.stages.get(&stage).unwrap_or(&none).view(stage)).collect()
    }

    pub(super) fn venues(&self) -> Vec<VenueCountsView<'static>> {
        let view = |(venue, VenueCounts { quotes, wins, fills }): (&VenueId, &VenueCounts)| VenueCountsView {
            venue: venue.as_str().into(),
            quotes: *quotes,
            wins: *wins,
            fills: *fills,
        };
        self.venues.iter().map(view).collect()
    }

    /// The most frequent first.
    pub(super) fn causes(&self) -> Vec<CauseCountsView<'static>> {
        let mut causes: Vec<_> = self.causes.iter().collect();
        causes.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.retried + counts.failed));
        let view = |(code, CauseCounts { retried, failed }): (&&'static str, &CauseCounts)| CauseCountsView {
            code: (*code).into(),
            retried: *retried,
            failed: *failed,
        };
        causes.into_iter().map(view).collect()
    }
}

/// Latencies to two digits, which is a few kilobytes for a stage and period in which orders ran.
#[derive(Debug, Clone)]
struct Latencies(Histogram<u32>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new_with_max(LONGEST_MICROS, 2).expect("the bounds are constant and valid"))
    }
}

impl Latencies {
    fn add(&mut self, micros: u64) {
        self.0.saturating_record(micros.min(LONGEST_MICROS));
    }

    fn merge(&mut self, other: &Self) {
        let _ = self.0.add(&other.0); // the bounds are the same, so nothing can be out of them
    }

    fn view(&self, stage: Stage) -> LatencyView {
        let at = |quantile| (!self.0.is_empty()).then(|| millis(self.0.value_at_quantile(quantile)));
        LatencyView {
            stage,
            count: self.0.len(),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            max_ms: at(1.0),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most ten minutes, in microseconds")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}
