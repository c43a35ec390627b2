//! What worker and API record alike.

use domain::{Event, EventData, Timestamp};
use metrics::{counter, histogram};

use super::catalogue;

/// Records the end of an order if that is what the event is. Whoever committed the event calls it once.
pub fn record_end(event: &Event, accepted_at: Timestamp) {
    if event.status.is_terminal() {
        histogram!(catalogue::ORDER_DURATION, "status" => event.status.as_str())
            .record(event.at.since(accepted_at));
    }
    if let EventData::Failed { failure } = &event.data {
        counter!(catalogue::ORDERS_FAILED, "code" => failure.code.as_str()).increment(1);
    }
}

#[cfg(test)]
mod tests {
    use domain::OrderStatus;
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn every_end_is_recorded_under_its_status_and_nothing_else_is() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let at = Timestamp::default();
        metrics::with_local_recorder(&recorder, || {
            for status in OrderStatus::ALL {
                record_end(&Event { seq: 2, status, attempt: 1, at, data: EventData::RoutingStarted }, at);
            }
        });
        let text = recorder.handle().render();
        for status in OrderStatus::ALL {
            let line = format!("{}_count{{status=\"{status}\"}} 1", catalogue::ORDER_DURATION);
            assert_eq!(text.contains(&line), status.is_terminal(), "{status}: {text}");
        }
    }
}
