//! Metrics of executions, recorded once what they count is durable.

use std::sync::Arc;

use domain::{
    Event, EventData, OrderEvent, Timestamp,
    ports::{AttemptChange, Commit},
};
use metrics::{counter, histogram};
use telemetry::metrics::{catalogue, record_end};

/// What the metrics of a commit need besides its events, kept while it is written.
pub(crate) struct Writing {
    /// When the event before its first one happened.
    since: Timestamp,
    accepted_at: Timestamp,
    attempt: Option<&'static str>,
}

impl Writing {
    pub(crate) fn new(since: Timestamp, commit: &Commit) -> Self {
        let attempt = commit.change.as_ref().map(|entry| match entry {
            AttemptChange::Open(attempt) => attempt.state.as_str(),
            AttemptChange::Resolve { state, .. } => state.as_str(),
        });
        Self { since, accepted_at: commit.order.created_at, attempt }
    }

    /// Counts what is durable now.
    pub(crate) fn committed(self, events: &[Arc<OrderEvent>]) {
        if let Some(state) = self.attempt {
            counter!(catalogue::ATTEMPTS, "state" => state).increment(1);
        }
        let mut since = self.since;
        for OrderEvent { event, .. } in events.iter().map(AsRef::as_ref) {
            histogram!(catalogue::ORDER_STEP, "event" => event.data.kind_name())
                .record(event.at.since(since));
            since = event.at;
            record_end(event, self.accepted_at);
            decided(event);
        }
    }
}

fn decided(event: &Event) {
    match &event.data {
        EventData::Routed { decision } => {
            counter!(catalogue::VENUE_WINS, "venue" => decision.venue().as_str()).increment(1);
        }
        EventData::Retrying { failure, .. } => {
            counter!(catalogue::RETRIES, "code" => failure.code.as_str()).increment(1);
        }
        _ => {}
    }
}
