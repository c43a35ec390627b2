//! The names of all metrics, with what they mean. Labels are in the help text.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

macro_rules! catalogue {
    ($($describe:ident($unit:ident) $constant:ident = $name:literal, $help:literal;)*) => {
        $(#[doc = $help] pub const $constant: &str = $name;)*

        /// Every name with its help text.
        pub const ALL: &[(&str, &str)] = &[$(($name, $help)),*];

        /// Gives the exporter the help texts.
        pub(super) fn describe() {
            $($describe!($name, Unit::$unit, $help);)*
        }
    };
}

catalogue! {
    describe_counter(Count) ORDERS_ACCEPTED = "engine_orders_accepted_total", "Orders made durable by this process.";
    describe_counter(Count) ORDERS_REPLAYED = "engine_orders_replayed_total", "Requests that were a repeat of an accepted one.";
    describe_gauge(Count) ORDERS_IN_FLIGHT = "engine_orders_in_flight", "Orders in flight, by status, in the whole store, counted up to `MAX_IN_FLIGHT_ORDERS`.";
    describe_gauge(Count) ORDERS_RESTING = "engine_orders_resting", "Orders that rest, by status, in the whole store, counted up to `MAX_IN_FLIGHT_ORDERS`.";
    describe_histogram(Seconds) ORDER_STEP = "engine_order_step_seconds", "From the event before to this one, by event: `routing_started` is the wait for a worker, `routed` the quotes, `submitted` the building, `confirmed` the landing.";
    describe_histogram(Seconds) ORDER_DURATION = "engine_order_seconds", "From acceptance to the end, by the status it ended in.";
    describe_counter(Count) ORDERS_FAILED = "engine_orders_failed_total", "Orders that failed for good, by failure code.";
    describe_counter(Count) CANCEL_REQUESTS = "engine_cancel_requests_total", "Requests to cancel an order, by result: canceled, cancelRequested, alreadyTerminal.";
    describe_counter(Count) RETRIES = "engine_retries_total", "Attempts that failed and are followed by another one, by failure code.";
    describe_counter(Count) ATTEMPTS = "engine_attempts_total", "Attempts recorded (unresolved) and their outcomes (landed, reverted, expired), by state.";
    describe_counter(Count) VENUE_ANSWERS = "engine_venue_answers_total", "Answers of venues to requests for quotes, by venue and outcome: quoted, or the code it was left out for.";
    describe_histogram(Seconds) VENUE_QUOTE = "engine_venue_quote_seconds", "How long a venue took to quote, by venue.";
    describe_counter(Count) VENUE_WINS = "engine_venue_wins_total", "Routing decisions won, by venue.";
    describe_counter(Count) EXECUTIONS = "engine_executions_total", "Executions that ended, by outcome.";
    describe_gauge(Count) EXECUTIONS_RUNNING = "engine_executions_running", "Orders that execute in this process now.";
    describe_gauge(Seconds) EXECUTION_OLDEST = "engine_execution_oldest_seconds", "How long the oldest execution has been in a step, by step: quote, build, sign, commit, send, settle.";
    describe_counter(Count) EXECUTIONS_STALLED = "engine_executions_stalled_total", "Executions that got no answer for so long that their order was given back to another worker.";
    describe_counter(Count) EXECUTIONS_UNSETTLED = "engine_executions_unsettled_total", "Executions that put their order aside for a while because the chain did not report the outcome of its transaction.";
    describe_counter(Count) PARKED_CLAIMS = "engine_parked_claims_total", "Claims of parked orders: each has lost five or more claims in a row, and may be killing its workers.";
    describe_counter(Count) LEASE_LOSSES = "engine_lease_losses_total", "Executions that lost their lease or found the order moved on.";
    describe_counter(Count) SWEEPER_DUE = "engine_sweeper_due_total", "Due orders the sweeper took.";
    describe_counter(Count) SWEEPER_PUSHED = "engine_sweeper_pushed_total", "Due orders the sweeper brought to the queue.";
    describe_gauge(Count) QUEUE_DEPTH = "engine_queue_depth", "Entries in the queue, when last checked.";
    describe_gauge(Count) QUEUE_WORKERS = "engine_queue_workers", "Workers that take orders from the queue, when last checked.";
    describe_gauge(Count) STREAMS_OPEN = "engine_streams_open", "Open WebSocket and event streams.";
    describe_gauge(Count) ORDERS_FOLLOWED = "engine_orders_followed", "Orders with followers on this process.";
    describe_gauge(Seconds) FEED_LAG = "engine_feed_lag_seconds", "How long committed events have waited to be shown in the feed of all orders, because a transaction stays open in the database.";
    describe_histogram(Seconds) STORE_CALL = "engine_store_seconds", "Calls of the store including the wait for their group, by operation.";
    describe_counter(Count) STORE_ERRORS = "engine_store_errors_total", "Calls of the store that failed, by operation.";
    describe_counter(Count) UNREADABLE_ROWS = "engine_unreadable_rows_total", "Stored rows that this version cannot read, by kind: order, event. Each was left out of an answer.";
    describe_histogram(Seconds) STORE_TRANSACTION = "engine_store_transaction_seconds", "Transactions of grouped writes.";
    describe_gauge(Seconds) STORE_OLDEST_WRITE = "engine_store_oldest_write_seconds", "How long the oldest transaction that is under way has waited for the store.";
    describe_histogram(Count) STORE_GROUP = "engine_store_group_writes", "Writes that share a transaction.";
    describe_histogram(Seconds) REDIS_CALL = "engine_redis_seconds", "Round trips to Redis, by part: queue, bus.";
    describe_counter(Count) REDIS_ERRORS = "engine_redis_errors_total", "Round trips to Redis that failed, by part.";
    describe_histogram(Seconds) HTTP_REQUEST = "engine_http_request_seconds", "Requests until their answer begins, by method, route and status.";
    describe_counter(Count) PROBLEMS = "engine_problems_total", "Refusals, by code.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operations_page_describes_every_metric() {
        let page = include_str!("../../../../docs/OPERATIONS.md");
        let is_meaning = |line: &&str| line.starts_with("| `engine_") && line.matches(" | ").count() == 1;
        let documented: Vec<_> = page.lines().filter(is_meaning).collect();
        let expected: Vec<_> = ALL.iter().map(|(name, help)| format!("| `{name}` | {help} |")).collect();
        assert_eq!(documented, expected, "the table of docs/OPERATIONS.md");
    }

    #[test]
    fn the_dashboard_shows_every_metric_and_no_other() {
        let board = include_str!("../../../../deploy/grafana/dashboards/engine.json");
        let is_name = |character: char| character.is_ascii_lowercase() || character == '_';
        let mut shown: Vec<_> = board
            .split(|character| !is_name(character))
            .filter(|word| word.starts_with("engine_"))
            .map(|word| {
                ["_bucket", "_count", "_sum"].iter().find_map(|part| word.strip_suffix(part)).unwrap_or(word)
            })
            .collect();
        shown.sort_unstable();
        shown.dedup();
        let mut known: Vec<_> = ALL.iter().map(|(name, _)| *name).collect();
        known.sort_unstable();
        assert_eq!(shown, known, "deploy/grafana/dashboards/engine.json");
    }
}
