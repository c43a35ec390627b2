use std::collections::BTreeMap;

use domain::{Event, EventData, Timestamp, routing::VenueAnswer};
use protocol::{EventCountsView, SeriesPointView, SeriesView, Stage, StatisticsView, StatisticsWindow};

use super::{lives::Times, ring::Ring, slot::Slot};

/// Events by second for a quarter of an hour, by minute for an hour, by half-hour for a day.
#[derive(Debug)]
pub(super) struct Tally {
    seconds: Ring<EventCountsView>,
    minutes: Ring,
    half_hours: Ring,
}

/// The part of a window that has not ended counts too.
const UNFINISHED: usize = 1;
/// Windows begin with a whole minute, so they are up to a minute longer than their names.
const SECONDS: usize = 15 * 60 + 60 + UNFINISHED;

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            seconds: Ring::new(1, SECONDS),
            minutes: Ring::new(60, 60 + UNFINISHED),
            half_hours: Ring::new(30 * 60, 48 + UNFINISHED),
        }
    }

    /// Counts an event of an order; `before` is how the order stood.
    pub(super) fn count(&mut self, event: &Event, before: Option<Times>) {
        let counts = counts_of(&event.data);
        if let Some(second) = self.seconds.at(event.at) {
            *second += counts;
        }
        for ring in [&mut self.minutes, &mut self.half_hours] {
            if let Some(slot) = ring.at(event.at) {
                slot.counts += counts;
                count_in(slot, event, before);
            }
        }
    }

    pub(super) fn view(
        &self,
        window: StatisticsWindow,
        now: Timestamp,
        since: Timestamp,
    ) -> StatisticsView<'static> {
        let ring = match window {
            StatisticsWindow::Day => &self.half_hours,
            _ => &self.minutes,
        };
        let first = now.unix_millis() - 1_000 * i64::from(window.seconds());
        let from = ring.start_of(Timestamp::from_unix_millis(first));
        let mut all = Slot::default();
        for (_, slot) in ring.between(from, now) {
            all.merge(slot);
        }
        StatisticsView {
            window,
            from,
            to: now,
            since,
            counts: all.counts,
            latencies: all.latencies(),
            venues: all.venues(),
            causes: all.causes(),
            series: self.series(window, from, now),
        }
    }

    fn series(&self, window: StatisticsWindow, from: Timestamp, now: Timestamp) -> SeriesView {
        let step = window.step_seconds();
        let mut counts: BTreeMap<i64, EventCountsView> = BTreeMap::new();
        let step_millis = i64::from(step) * 1_000;
        let index = |at: Timestamp| at.unix_millis().div_euclid(step_millis);
        let mut add = |at: Timestamp, counted: &EventCountsView| {
            *counts.entry(index(at)).or_default() += *counted;
        };
        match window {
            StatisticsWindow::FiveMinutes | StatisticsWindow::QuarterHour => {
                self.seconds.between(from, now).for_each(|(at, counted)| add(at, counted));
            }
            StatisticsWindow::Hour => {
                self.minutes.between(from, now).for_each(|(at, slot)| add(at, &slot.counts));
            }
            StatisticsWindow::Day => {
                self.half_hours.between(from, now).for_each(|(at, slot)| add(at, &slot.counts));
            }
        }
        let point = |index: i64| SeriesPointView {
            at: Timestamp::from_unix_millis(index * step_millis),
            counts: counts.get(&index).copied().unwrap_or_default(),
        };
        SeriesView { step_seconds: step, points: (index(from)..=index(now)).map(point).collect() }
    }
}

fn counts_of(data: &EventData) -> EventCountsView {
    let mut counts = EventCountsView::default();
    match data {
        EventData::Accepted { .. } => counts.accepted = 1,
        EventData::Retrying { .. } => counts.retried = 1,
        EventData::Confirmed { .. } => counts.confirmed = 1,
        EventData::Failed { .. } => counts.failed = 1,
        EventData::Canceled { .. } => counts.canceled = 1,
        EventData::Expired { .. } => counts.expired = 1,
        _ => {}
    }
    counts
}

fn count_in(slot: &mut Slot, event: &Event, before: Option<Times>) {
    let micros = |from: Timestamp| u64::try_from(event.at.since(from).as_micros()).unwrap_or(u64::MAX);
    match (&event.data, before) {
        (EventData::RoutingStarted, Some(times)) if times.is_new => {
            slot.took(Stage::Queued, micros(times.stage));
        }
        (EventData::Routed { decision }, times) => {
            slot.quoted(decision.best.venue);
            for answer in &decision.others {
                if let VenueAnswer::Quoted(quote) = answer {
                    slot.quoted(quote.venue);
                }
            }
            slot.won(decision.best.venue);
            if let Some(times) = times {
                slot.took(Stage::Routing, micros(times.stage));
            }
        }
        (EventData::Submitted { .. }, Some(times)) => slot.took(Stage::Building, micros(times.stage)),
        (EventData::Confirmed { fill, .. }, times) => {
            slot.filled(fill.venue);
            if let Some(times) = times {
                slot.took(Stage::Landing, micros(times.stage));
                slot.took(Stage::Total, micros(times.accepted));
            }
        }
        (EventData::Retrying { failure, .. }, _) => slot.retried(failure.code),
        (EventData::Failed { failure }, _) => slot.failed(failure.code),
        _ => {}
    }
}
