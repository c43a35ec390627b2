//! Events in, figures out. Pure: no terminal, no connection, and the time is a parameter. The
//! clocks of the engine and of this machine are taken to agree.

use std::{collections::BTreeMap, time::Duration};

use domain::{OrderId, OrderStatus, Timestamp};
use protocol::{DataView, EventBody, EventDataView, FailureView, OrderView};

use super::window::{Percentiles, Window};
use crate::render::order_in_words;

/// Orders in flight that are remembered; beyond it the oldest are forgotten until they move again.
const MAX_IN_FLIGHT: usize = 10_000;
/// Maximum number of orders shown.
const MAX_SHOWN: usize = 200;

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
    retried: Option<String>,
}

/// What is remembered of the events.
#[derive(Debug, Default)]
pub(super) struct Model {
    /// By id, which is by time.
    flights: BTreeMap<OrderId, Flight>,
    window: Window,
    wins: BTreeMap<String, u64>,
    failures: BTreeMap<String, Failures>,
}

/// How often an attempt, and how often an order, failed for one reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Failures {
    pub(super) retried: u64,
    pub(super) failed: u64,
}

/// The figures.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) in_flight: usize,
    /// Newest first.
    pub(super) orders: Vec<OrderLine>,
    pub(super) accepted_per_second: f64,
    pub(super) ended_per_second: f64,
    /// Of the last minute, a second each.
    pub(super) accepted_by_second: Vec<u64>,
    /// From acceptance to the end, of the last minute.
    pub(super) latency: Option<Percentiles>,
    /// Of the last minute.
    pub(super) success: Option<f64>,
    /// Routing decisions won, most first.
    pub(super) wins: Vec<(String, u64)>,
    /// Most first.
    pub(super) failures: Vec<(String, Failures)>,
}

/// One order in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderLine {
    pub(super) id: OrderId,
    pub(super) order: String,
    pub(super) status: OrderStatus,
    pub(super) age: Option<Duration>,
    pub(super) attempt: u32,
    pub(super) venue: String,
    pub(super) note: String,
}

impl Model {
    /// Orders that were active before the first event.
    pub(super) fn know(&mut self, listed: Vec<OrderView<'_>>) {
        for order in listed {
            let flight = Flight {
                order: Some(order_in_words(&order.spec)),
                accepted_at: Some(order.created_at),
                seq: order.last_seq,
                status: order.status,
                attempt: order.attempt,
                venue: None,
                retried: None,
            };
            if !order.status.is_terminal() {
                self.flights.insert(order.id, flight);
            }
        }
        self.bound();
    }

    /// Forgets the orders in flight, because events of theirs may have been missed.
    pub(super) fn forget(&mut self) {
        self.flights.clear();
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
            match data {
                EventDataView::Accepted { order, .. } => {
                    flight.order = Some(order_in_words(order));
                    flight.accepted_at = Some(event.at);
                    self.window.accept(event.at);
                }
                EventDataView::RoutingStarted => (flight.venue, flight.retried) = (None, None),
                EventDataView::Routed(decision) => {
                    flight.venue = Some(decision.venue.to_string());
                    *self.wins.entry(decision.venue.to_string()).or_default() += 1;
                }
                EventDataView::Retrying { failure, .. } => {
                    flight.retried = Some(failure.code.to_string());
                    self.fail(failure, |failures| failures.retried += 1);
                }
                EventDataView::Failed { failure } => self.fail(failure, |failures| failures.failed += 1),
                _ => {}
            }
        }
        if event.status.is_terminal() {
            let took = flight.accepted_at.map(|accepted| event.at.since(accepted));
            self.window.end(event.at, event.status, took);
            self.flights.remove(&event.order_id);
        } else {
            self.flights.insert(event.order_id, flight);
            self.bound();
        }
    }

    fn fail(&mut self, failure: &FailureView<'_>, count: impl FnOnce(&mut Failures)) {
        count(self.failures.entry(failure.code.to_string()).or_default());
    }

    fn bound(&mut self) {
        while self.flights.len() > MAX_IN_FLIGHT {
            self.flights.pop_first();
        }
    }

    /// The figures at a time.
    pub(super) fn figures(&mut self, now: Timestamp) -> Figures {
        self.window.move_to(now);
        let (accepted_per_second, ended_per_second) = self.window.rates(now);
        let newest = self.flights.iter().rev().take(MAX_SHOWN);
        let mut wins: Vec<_> = self.wins.clone().into_iter().collect();
        wins.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let mut failures: Vec<_> = self.failures.clone().into_iter().collect();
        failures.sort_by_key(|(_, count)| std::cmp::Reverse(count.retried + count.failed));
        Figures {
            in_flight: self.flights.len(),
            orders: newest.map(|(id, flight)| flight.line(*id, now)).collect(),
            accepted_per_second,
            ended_per_second,
            accepted_by_second: self.window.accepted_by_second(now),
            latency: self.window.percentiles(),
            success: self.window.success(),
            wins,
            failures,
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
            retried: None,
        }
    }

    fn line(&self, id: OrderId, now: Timestamp) -> OrderLine {
        OrderLine {
            id,
            order: self.order.clone().unwrap_or_else(|| "?".to_owned()),
            status: self.status,
            age: self.accepted_at.map(|accepted| now.since(accepted)),
            attempt: self.attempt,
            venue: self.venue.clone().unwrap_or_else(|| "-".to_owned()),
            note: self.retried.as_ref().map(|code| format!("again after {code}")).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{Event, EventData, Failure, FailureCode, Order};
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

    #[test]
    fn an_order_is_in_flight_from_its_acceptance_to_its_end() {
        let mut model = Model::default();
        model.see(&accepted(1, 1_000));
        model.see(&accepted(2, 1_100));
        model.see(&event(1, 2, OrderStatus::Routing, 1_200, EventData::RoutingStarted));
        model.see(&routed(1, 1_300));
        let figures = model.figures(at(3_000));
        let line = &figures.orders[1];
        assert!(figures.orders[0].id.to_string().ends_with('2'), "newest first");
        assert_eq!((line.order.as_str(), line.venue.as_str()), ("1 SOL -> USDC", "meteora"));
        assert_eq!((line.status, line.age), (OrderStatus::Routing, Some(Duration::from_secs(2))));
        model.see(&confirmed(1, 4, 3_500));
        let figures = model.figures(at(4_000));
        assert_eq!((figures.in_flight, figures.success), (1, Some(1.0)));
        assert_eq!(figures.latency.unwrap().p50, Duration::from_millis(2_500));
        assert_eq!(figures.wins, [("meteora".to_owned(), 1)]);
        assert!((figures.accepted_per_second - 0.2).abs() < 1e-9);
    }

    #[test]
    fn failures_are_counted_by_their_code() {
        let mut model = Model::default();
        let retrying = || EventData::Retrying { failure: samples::failure(), next_attempt_at: at(0) };
        let failed =
            EventData::Failed { failure: Failure::new(FailureCode::NoRoute, "no venue trades the pair") };
        model.see(&accepted(1, 0));
        model.see(&event(1, 2, OrderStatus::Routing, 10, retrying()));
        assert_eq!(model.figures(at(20)).orders[0].note, "again after slippage_exceeded");
        model.see(&event(1, 3, OrderStatus::Routing, 20, retrying()));
        model.see(&event(1, 4, OrderStatus::Failed, 30, failed));
        let figures = model.figures(at(1_000));
        let count = |retried, failed| Failures { retried, failed };
        let expected = [("slippage_exceeded".to_owned(), count(2, 0)), ("no_route".to_owned(), count(0, 1))];
        assert_eq!(figures.failures, expected);
        assert_eq!((figures.in_flight, figures.success), (0, Some(0.0)));
    }

    #[test]
    fn what_is_known_from_the_list_is_not_reported_twice() {
        let mut model = Model::default();
        let (status, attempt, last_seq, created_at) = (OrderStatus::Routing, 1, 3, at(500));
        let order = samples::acceptance().order;
        let listed = Order { id: id(1), status, attempt, last_seq, created_at, ..order };
        model.know(vec![OrderView::new(&listed, &SimulatedTokens::default())]);
        model.see(&routed(1, 900));
        assert!(model.figures(at(1_000)).wins.is_empty());
        model.see(&confirmed(1, 4, 1_500));
        assert_eq!(model.figures(at(2_000)).latency.unwrap().p50, Duration::from_secs(1));
    }

    #[test]
    fn an_end_without_a_beginning_counts_but_has_no_latency() {
        let mut model = Model::default();
        model.see(&confirmed(1, 6, 100));
        let figures = model.figures(at(200));
        assert_eq!((figures.in_flight, figures.success, figures.latency), (0, Some(1.0), None));
    }

    #[test]
    fn the_oldest_of_too_many_orders_are_forgotten() {
        let mut model = Model::default();
        for order in 0..20_000 {
            model.see(&accepted(order, 0));
        }
        let figures = model.figures(at(0));
        assert_eq!((figures.in_flight, figures.orders.len()), (MAX_IN_FLIGHT, MAX_SHOWN));
        assert!(figures.orders[0].id.to_string().ends_with("19999"));
        model.forget();
        assert_eq!(model.figures(at(0)).in_flight, 0);
    }
}
