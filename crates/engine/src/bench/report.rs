use std::time::Duration;

use serde_json::{Value, json};

use super::{follow::Followed, latency::Latencies, load::Accepted, plot, verify::Ended};
use crate::{
    cli::BenchArgs,
    render::{
        table::{Table, number, text},
        words::wrapped,
    },
};

/// What was measured.
#[derive(Debug)]
pub(crate) struct Report {
    accepted: Accepted,
    loaded_for: Duration,
    followed: Followed,
    ended: Ended,
    is_accept_only: bool,
}

impl Report {
    pub(super) fn new(
        args: &BenchArgs,
        accepted: Accepted,
        loaded_for: Duration,
        followed: Followed,
        ended: Ended,
    ) -> Self {
        Self { accepted, loaded_for, followed, ended, is_accept_only: args.accept_only }
    }

    /// Whether everything that was accepted has ended, every stream was complete, and nothing but
    /// overload was refused.
    pub(crate) fn is_sound(&self) -> bool {
        let all_ended = self.is_accept_only || self.ended_orders() == self.orders();
        all_ended && self.followed.incomplete == 0 && self.accepted.failed == 0
    }

    fn orders(&self) -> u64 {
        u64::try_from(self.accepted.orders.len()).unwrap_or(u64::MAX)
    }

    fn ended_orders(&self) -> u64 {
        self.ended.confirmed + self.ended.failed + self.ended.withdrawn
    }

    /// Orders accepted a second, while the load went on.
    fn accepted_rate(&self) -> f64 {
        rate(self.orders(), self.loaded_for)
    }

    /// Orders ended a second, from the first acceptance to the last end, by the engine's times.
    fn ended_rate(&self) -> f64 {
        let span =
            self.ended.first.zip(self.ended.last).map_or(Duration::ZERO, |(first, last)| last.since(first));
        rate(self.ended_orders(), span)
    }

    /// The latencies as an SVG.
    pub(crate) fn to_svg(&self) -> String {
        plot::svg(&[
            ("order to answer", &self.accepted.latencies),
            ("accepted to ended", &self.ended.latencies),
            ("event to message", &self.followed.delivery),
        ])
    }

    /// For programs.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "isSound": self.is_sound(),
            "accepted": self.orders(),
            "acceptedPerSecond": self.accepted_rate(),
            "overloaded": self.accepted.overloaded,
            "refusedOrBroken": self.accepted.failed,
            "acceptLatency": self.accepted.latencies.to_json(),
            "confirmed": self.ended.confirmed,
            "failed": self.ended.failed,
            "withdrawn": self.ended.withdrawn,
            "unfinished": self.ended.unfinished,
            "endedPerSecond": self.ended_rate(),
            "acceptToEnd": self.ended.latencies.to_json(),
            "followed": self.followed.orders,
            "eventsSeen": self.followed.events,
            "incompleteStreams": self.followed.incomplete,
            "delivery": self.followed.delivery.to_json(),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]
fn rate(count: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
}

impl Report {
    /// For people, in the width of a terminal if there is one.
    pub(crate) fn text(&self, width: Option<usize>) -> String {
        let columns = [
            ("count", 0),
            ("per second", 1),
            ("p50 ms", 0),
            ("p90 ms", 3),
            ("p99 ms", 0),
            ("p99.9 ms", 2),
            ("max ms", 1),
        ];
        let columns = columns.map(|(title, rank)| number(title, rank));
        let columns = std::iter::once(text("", 0)).chain(columns).collect();
        let mut rows =
            vec![row("accepted", self.orders(), Some(self.accepted_rate()), &self.accepted.latencies)];
        if !self.is_accept_only {
            let rate = Some(self.ended_rate());
            rows.push(row("accepted to ended", self.ended_orders(), rate, &self.ended.latencies));
        }
        if self.followed.orders > 0 {
            rows.push(row("event to message", self.followed.events, None, &self.followed.delivery));
        }
        let counts = format!(
            "{} confirmed, {} failed, {} canceled or expired, {} unfinished; {} rejected as overloaded, {} other failures; \
             {} streams followed, {} incomplete",
            self.ended.confirmed,
            self.ended.failed,
            self.ended.withdrawn,
            self.ended.unfinished,
            self.accepted.overloaded,
            self.accepted.failed,
            self.followed.orders,
            self.followed.incomplete
        );
        let failure = self.accepted.first_failure.as_ref();
        let failure = failure.map(|failure| format!("first other failure: {failure}"));
        let lines = std::iter::once(counts).chain(failure).map(|line| wrapped(&line, 2, width));
        std::iter::once(Table::new(columns, rows).text(width)).chain(lines).collect::<Vec<_>>().join("\n")
    }
}

fn row(name: &str, count: u64, per_second: Option<f64>, latencies: &Latencies) -> Vec<String> {
    let per_second = per_second.map_or_else(String::new, |rate| format!("{rate:.0}"));
    let millis = [0.5, 0.9, 0.99, 0.999].map(|quantile| latencies.at(quantile));
    let millis = millis.into_iter().chain([latencies.max()]).map(|millis| format!("{millis:.2}"));
    [name.to_owned(), count.to_string(), per_second].into_iter().chain(millis).collect()
}
