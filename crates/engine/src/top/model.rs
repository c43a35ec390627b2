//! Orders from the events, figures from the engine's statistics. Pure: no terminal, no connection, and the time is
//! a parameter. The clocks of the engine and of this machine are taken to agree.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use domain::{OrderId, OrderStatus, Timestamp};
use protocol::{DataView, EventBody, EventDataView, OrderView, Stage, StatisticsView};

use crate::render::order_in_words;

/// Unfinished orders that are remembered; beyond it the oldest are forgotten until they move again.
const MAX_IN_FLIGHT: usize = 10_000;
/// Maximum number of unfinished orders shown.
const MAX_SHOWN: usize = 200;
/// Orders that ended, the newest first.
const MAX_ENDED: usize = 50;
/// Seconds over which a rate is the mean.
pub(super) const RATE_SECONDS: usize = 10;

/// An order that has not ended.
#[derive(Debug, Clone)]
struct Flight {
    /// What it asks for, if that was seen.
    order: Option<String>,
    accepted_at: Option<Timestamp>,
    seq: u32,
    status: OrderStatus,
    attempt: u32,
    venue: Option<String>,
    note: Option<String>,
}

/// What is remembered of the events.
#[derive(Debug, Default)]
pub(super) struct Model {
    /// By id, which is by time.
    flights: BTreeMap<OrderId, Flight>,
    ended: VecDeque<OrderLine>,
}

/// How often an attempt, and how often an order, failed for one reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Failures {
    pub(super) retried: u64,
    pub(super) failed: u64,
}

/// The figures. Latencies and counts are of the last five minutes.
#[derive(Debug, Default)]
pub(super) struct Figures {
    /// Unfinished, the newest first, and after them those that ended, the last one first.
    pub(super) orders: Vec<OrderLine>,
    /// Of the last [`RATE_SECONDS`].
    pub(super) accepted_per_second: f64,
    /// Of the last [`RATE_SECONDS`].
    pub(super) ended_per_second: f64,
    /// By second.
    pub(super) accepted_by_second: Vec<u64>,
    /// From acceptance to confirmation.
    pub(super) latency: Option<Percentiles>,
    pub(super) success: Option<f64>,
    /// Routing decisions won, most first.
    pub(super) wins: Vec<(String, u64)>,
    /// Most first.
    pub(super) failures: Vec<(String, Failures)>,
}

/// The latency at a percentile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Percentiles {
    pub(super) p50: Duration,
    pub(super) p90: Duration,
    pub(super) p99: Duration,
}

/// One order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderLine {
    pub(super) id: OrderId,
    pub(super) order: String,
    pub(super) status: OrderStatus,
    /// Since its acceptance, or from there to its end.
    pub(super) duration: Option<Duration>,
    pub(super) attempt: u32,
    pub(super) venue: String,
    pub(super) note: String,
}

impl Model {
    /// Orders from before the first event, the newest first.
    pub(super) fn know(&mut self, listed: Vec<OrderView<'_>>) {
        for order in listed {
            let failure = order.failure.as_ref().map(|failure| failure.code.to_string());
            let flight = Flight {
                order: Some(order_in_words(&order.spec)),
                accepted_at: Some(order.created_at),
                seq: order.last_seq,
                status: order.status,
                attempt: order.attempt,
                venue: order.fill.as_ref().map(|fill| fill.venue.to_string()),
                note: failure,
            };
            if !order.status.is_terminal() {
                self.flights.insert(order.id, flight);
            } else if self.ended.len() < MAX_ENDED {
                self.ended.push_back(flight.line(order.id, order.updated_at));
            }
        }
        self.bound();
    }

    /// Forgets all orders, because events of theirs may have been missed.
    pub(super) fn forget(&mut self) {
        self.flights.clear();
        self.ended.clear();
    }

    /// Takes an event.
    pub(super) fn see(&mut self, event: &EventBody<'_>) {
        let known = self.flights.get(&event.order_id);
        if known.is_some_and(|flight| event.seq <= flight.seq) {
            return;
        }
        let mut flight = known.cloned().unwrap_or_else(|| Flight::unknown(event));
        (flight.seq, flight.status, flight.attempt) = (event.seq, event.status, event.attempt);
        if let DataView::Known(data) = &event.data {
            flight.note(event.at, data);
        }
        if event.status.is_terminal() {
            self.flights.remove(&event.order_id);
            if self.ended.iter().all(|ended| ended.id != event.order_id) {
                self.ended.push_front(flight.line(event.order_id, event.at));
                self.ended.truncate(MAX_ENDED);
            }
        } else {
            self.flights.insert(event.order_id, flight);
            self.bound();
        }
    }

    fn bound(&mut self) {
        while self.flights.len() > MAX_IN_FLIGHT {
            self.flights.pop_first();
        }
    }

    /// The figures at a time.
    pub(super) fn figures(&self, now: Timestamp, statistics: Option<&StatisticsView<'_>>) -> Figures {
        let newest = self.flights.iter().rev().take(MAX_SHOWN);
        let in_flight = newest.map(|(id, flight)| flight.line(*id, now));
        Figures {
            orders: in_flight.chain(self.ended.iter().cloned()).collect(),
            ..statistics.map(Figures::of).unwrap_or_default()
        }
    }
}

impl Figures {
    fn of(statistics: &StatisticsView<'_>) -> Self {
        // the last point has not ended
        let points = statistics.series.points.split_last().map_or(&[][..], |(_, ended)| ended);
        let recent = &points[points.len().saturating_sub(RATE_SECONDS)..];
        let ended = |point: &protocol::SeriesPointView| {
            point.counts.confirmed + point.counts.failed + point.counts.canceled + point.counts.expired
        };
        let rate = |count: u64| ratio(count, u64::try_from(recent.len()).unwrap_or(0));
        let counts = statistics.counts;
        let decided = counts.confirmed + counts.failed;
        let mut wins: Vec<_> =
            statistics.venues.iter().map(|venue| (venue.venue.to_string(), venue.wins)).collect();
        wins.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let failures = statistics
            .causes
            .iter()
            .map(|cause| (cause.code.to_string(), Failures { retried: cause.retried, failed: cause.failed }));
        let total = statistics.latencies.iter().find(|latency| latency.stage == Stage::Total);
        let millis = |millis: f64| Duration::from_secs_f64(millis.max(0.0) / 1_000.0);
        Self {
            accepted_per_second: rate(recent.iter().map(|point| point.counts.accepted).sum()),
            ended_per_second: rate(recent.iter().map(ended).sum()),
            accepted_by_second: points.iter().map(|point| point.counts.accepted).collect(),
            latency: total.and_then(|total| {
                let (p50, p90, p99) = (total.p50_ms?, total.p90_ms?, total.p99_ms?);
                Some(Percentiles { p50: millis(p50), p90: millis(p90), p99: millis(p99) })
            }),
            success: (decided > 0).then(|| ratio(counts.confirmed, decided)),
            wins,
            failures: failures.collect(),
            ..Self::default()
        }
    }
}

impl Flight {
    /// Of an order whose beginning was not seen.
    fn unknown(event: &EventBody<'_>) -> Self {
        Self {
            order: None,
            accepted_at: None,
            seq: 0,
            status: event.status,
            attempt: event.attempt,
            venue: None,
            note: None,
        }
    }

    fn note(&mut self, at: Timestamp, data: &EventDataView<'_>) {
        match data {
            EventDataView::Accepted { order, .. } => {
                self.order = Some(order_in_words(order));
                self.accepted_at = Some(at);
            }
            EventDataView::RoutingStarted => (self.venue, self.note) = (None, None),
            EventDataView::Routed(decision) => self.venue = Some(decision.venue.to_string()),
            EventDataView::Retrying { failure, .. } => {
                self.note = Some(format!("retries after {}", failure.code));
            }
            EventDataView::Waiting { failure, .. } => self.note = Some(format!("waits: {}", failure.code)),
            EventDataView::Failed { failure } => self.note = Some(failure.code.to_string()),
            _ => {}
        }
    }

    fn line(&self, id: OrderId, until: Timestamp) -> OrderLine {
        OrderLine {
            id,
            order: self.order.clone().unwrap_or_else(|| "?".to_owned()),
            status: self.status,
            duration: self.accepted_at.map(|accepted| until.since(accepted)),
            attempt: self.attempt,
            venue: self.venue.clone().unwrap_or_else(|| "-".to_owned()),
            note: self.note.clone().unwrap_or_default(),
        }
    }
}

/// One number by another, to be shown.
#[expect(clippy::cast_precision_loss, reason = "to be shown")]
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use domain::{Event, EventData, Failure, FailureCode, Order};
    use serde_json::json;
    use testkit::samples;
    use venues::simulated::SimulatedTokens;

    use super::*;

    fn id(order: u32) -> OrderId {
        format!("00000000-0000-7000-8000-{order:012}").parse().unwrap()
    }

    /// An event of the order of that number, so many milliseconds after the start.
    fn event(order: u32, seq: u32, status: OrderStatus, millis: i64, data: EventData) -> EventBody<'static> {
        let event = Event { seq, status, attempt: 1, at: at(millis), data };
        let sent = serde_json::to_string(&EventBody::new(id(order), &event, &SimulatedTokens::default()));
        serde_json::from_str(&sent.unwrap()).unwrap()
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(millis)
    }

    fn accepted(order: u32, millis: i64) -> EventBody<'static> {
        event(order, 1, OrderStatus::Pending, millis, samples::acceptance().event.data)
    }

    fn routed(order: u32, millis: i64) -> EventBody<'static> {
        let routed = samples::steps_to_building().into_iter().nth(1).unwrap();
        event(order, 3, OrderStatus::Routing, millis, routed)
    }

    fn confirmed(order: u32, seq: u32, millis: i64) -> EventBody<'static> {
        let fill = samples::fill(&samples::attempt(&samples::acceptance().order));
        let data = EventData::Confirmed { fill, after_expiry: false };
        event(order, seq, OrderStatus::Confirmed, millis, data)
    }

    fn unfinished(figures: &Figures) -> usize {
        figures.orders.iter().filter(|line| !line.status.is_terminal()).count()
    }

    #[test]
    fn an_order_is_in_flight_from_its_acceptance_to_its_end() {
        let mut model = Model::default();
        model.see(&accepted(1, 1_000));
        model.see(&accepted(2, 1_100));
        model.see(&event(1, 2, OrderStatus::Routing, 1_200, EventData::RoutingStarted));
        model.see(&routed(1, 1_300));
        let figures = model.figures(at(3_000), None);
        let line = &figures.orders[1];
        assert!(figures.orders[0].id.to_string().ends_with('2'), "newest first");
        assert_eq!((line.order.as_str(), line.venue.as_str()), ("1 SOL -> USDC", "meteora"));
        assert_eq!((line.status, line.duration), (OrderStatus::Routing, Some(Duration::from_secs(2))));
        model.see(&confirmed(1, 4, 3_500));
        let figures = model.figures(at(9_000), None);
        assert_eq!((unfinished(&figures), figures.orders.len()), (1, 2));
        let ended = &figures.orders[1];
        assert_eq!(
            (ended.status, ended.duration),
            (OrderStatus::Confirmed, Some(Duration::from_millis(2_500)))
        );
    }

    #[test]
    fn a_note_says_why_an_order_is_not_done() {
        let mut model = Model::default();
        let retrying = EventData::Retrying { failure: samples::failure(), next_attempt_at: at(0) };
        let failed =
            EventData::Failed { failure: Failure::new(FailureCode::NoRoute, "no venue trades the pair") };
        model.see(&accepted(1, 0));
        model.see(&event(1, 2, OrderStatus::Routing, 10, retrying));
        assert_eq!(model.figures(at(20), None).orders[0].note, "retries after slippage_exceeded");
        model.see(&event(1, 3, OrderStatus::Failed, 30, failed));
        let figures = model.figures(at(1_000), None);
        assert_eq!((unfinished(&figures), figures.orders[0].note.as_str()), (0, "no_route"));
    }

    #[test]
    fn what_is_known_from_the_list_is_not_reported_twice() {
        let mut model = Model::default();
        let (status, attempt, last_seq, created_at) = (OrderStatus::Routing, 1, 3, at(500));
        let order = samples::acceptance().order;
        let listed = Order { id: id(1), status, attempt, last_seq, created_at, ..order.clone() };
        let ended =
            Order { id: id(2), status: OrderStatus::Failed, created_at, updated_at: at(900), ..order };
        let tokens = SimulatedTokens::default();
        model.know(vec![OrderView::new(&ended, &tokens), OrderView::new(&listed, &tokens)]);
        model.see(&routed(1, 900));
        model.see(&confirmed(1, 4, 1_500));
        let figures = model.figures(at(2_000), None);
        let ids: Vec<_> = figures.orders.iter().map(|line| line.id).collect();
        assert_eq!((unfinished(&figures), ids), (0, vec![id(1), id(2)]));
    }

    #[test]
    fn figures_are_the_engine_s_own() {
        let point = |accepted, confirmed| {
            json!({"at": "2026-11-21T08:00:00Z", "accepted": accepted, "retried": 0,
            "confirmed": confirmed, "failed": 0, "canceled": 0, "expired": 0})
        };
        let points: Vec<_> = (0..20).map(|_| point(3, 2)).chain([point(99, 99)]).collect();
        let statistics = json!({
            "window": "5m", "from": "2026-11-21T08:00:00Z", "to": "2026-11-21T08:05:00Z", "since": "2026-11-21T08:00:00Z",
            "counts": {"accepted": 60, "retried": 1, "confirmed": 30, "failed": 10, "canceled": 0, "expired": 0},
            "latencies": [{"stage": "total", "count": 30, "p50Ms": 20.0, "p90Ms": 900.0, "p99Ms": 3210.0, "maxMs": 4000.0}],
            "venues": [{"venue": "raydium", "quotes": 4, "wins": 1, "fills": 1}, {"venue": "meteora", "quotes": 4, "wins": 3, "fills": 3}],
            "causes": [{"code": "slippage_exceeded", "retried": 1, "failed": 2}],
            "series": {"stepSeconds": 1, "points": points},
        });
        let statistics: StatisticsView<'static> = serde_json::from_value(statistics).unwrap();
        let figures = Model::default().figures(at(0), Some(&statistics));
        assert!(
            (figures.accepted_per_second - 3.0).abs() < 1e-9 && (figures.ended_per_second - 2.0).abs() < 1e-9
        );
        assert_eq!((figures.success, figures.accepted_by_second.len()), (Some(0.75), 20));
        assert_eq!(figures.latency.unwrap().p99, Duration::from_millis(3_210));
        assert_eq!(figures.wins[0], ("meteora".to_owned(), 3));
        assert_eq!(figures.failures, [("slippage_exceeded".to_owned(), Failures { retried: 1, failed: 2 })]);
    }

    #[test]
    fn the_oldest_of_too_many_orders_are_forgotten() {
        let mut model = Model::default();
        for order in 0..20_000 {
            model.see(&accepted(order, 0));
        }
        let figures = model.figures(at(0), None);
        assert_eq!((model.flights.len(), figures.orders.len()), (MAX_IN_FLIGHT, MAX_SHOWN));
        assert!(figures.orders[0].id.to_string().ends_with("19999"));
        model.forget();
        assert!(model.figures(at(0), None).orders.is_empty());
    }
}
