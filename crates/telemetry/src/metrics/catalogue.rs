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
    describe_counter(Count) ORDERS_ACCEPTED = "engine_orders_accepted_total", "Orders accepted and stored by this process.";
    describe_counter(Count) ORDERS_REPLAYED = "engine_orders_replayed_total", "Repeated requests for orders that were already accepted.";
    describe_gauge(Count) ORDERS_IN_FLIGHT = "engine_orders_in_flight", "Orders in flight in the whole store, by status, counted up to `MAX_IN_FLIGHT_ORDERS`.";
    describe_gauge(Count) ORDERS_RESTING = "engine_orders_resting", "Resting orders in the whole store, by status, counted up to `MAX_IN_FLIGHT_ORDERS`.";
    describe_histogram(Seconds) ORDER_STEP = "engine_order_step_seconds", "Time from the previous event to this one, by event: `routing_started` is the wait for a worker, `routed` the quotes, `submitted` the building, `confirmed` the landing.";
    describe_histogram(Seconds) ORDER_DURATION = "engine_order_seconds", "Time from acceptance to the end, by final status.";
    describe_counter(Count) ORDERS_FAILED = "engine_orders_failed_total", "Failed orders, by failure code.";
    describe_counter(Count) CANCEL_REQUESTS = "engine_cancel_requests_total", "Requests to cancel an order, by result: canceled, cancelRequested, alreadyTerminal.";
    describe_counter(Count) RETRIES = "engine_retries_total", "Failed attempts that are retried, by failure code.";
    describe_counter(Count) ATTEMPTS = "engine_attempts_total", "Attempts recorded (unresolved) and their outcomes (landed, reverted, expired), by state.";
    describe_counter(Count) VENUE_ANSWERS = "engine_venue_answers_total", "Venue responses to quote requests, by venue and outcome: quoted, or the code of the failure.";
    describe_histogram(Seconds) VENUE_QUOTE = "engine_venue_quote_seconds", "Time a venue took to quote, by venue.";
    describe_counter(Count) VENUE_WINS = "engine_venue_wins_total", "Routing decisions won, by venue.";
    describe_counter(Count) EXECUTIONS = "engine_executions_total", "Finished executions, by outcome.";
    describe_gauge(Count) EXECUTIONS_RUNNING = "engine_executions_running", "Orders executing in this process.";
    describe_gauge(Seconds) EXECUTION_OLDEST = "engine_execution_oldest_seconds", "Time the oldest execution has spent in a step, by step: quote, build, sign, commit, send, settle.";
    describe_counter(Count) EXECUTIONS_STALLED = "engine_executions_stalled_total", "Executions that got no answer for so long that they released their order to another worker.";
    describe_counter(Count) EXECUTIONS_UNSETTLED = "engine_executions_unsettled_total", "Executions that deferred their order because the chain did not report the outcome of its transaction.";
    describe_counter(Count) PARKED_CLAIMS = "engine_parked_claims_total", "Claims of parked orders: each has lost five or more claims in a row and may be crashing its workers.";
    describe_counter(Count) LEASE_LOSSES = "engine_lease_losses_total", "Executions that lost their lease or found the order changed by another one.";
    describe_counter(Count) SWEEPER_DUE = "engine_sweeper_due_total", "Due orders claimed by the sweeper.";
    describe_counter(Count) SWEEPER_PUSHED = "engine_sweeper_pushed_total", "Due orders pushed to the queue by the sweeper.";
    describe_gauge(Count) QUEUE_DEPTH = "engine_queue_depth", "Entries in the queue at the last check.";
    describe_gauge(Count) QUEUE_WORKERS = "engine_queue_workers", "Workers taking orders from the queue at the last check.";
    describe_gauge(Count) STREAMS_OPEN = "engine_streams_open", "Open WebSocket and event streams.";
    describe_gauge(Count) ORDERS_FOLLOWED = "engine_orders_followed", "Orders with followers on this process.";
    describe_gauge(Seconds) FEED_LAG = "engine_feed_lag_seconds", "Time committed events have been held back from the feed of all orders by a transaction that stays open in the database.";
    describe_histogram(Seconds) STORE_CALL = "engine_store_seconds", "Store calls, including the wait for their group, by operation.";
    describe_counter(Count) STORE_ERRORS = "engine_store_errors_total", "Failed store calls, by operation.";
    describe_counter(Count) UNREADABLE_ROWS = "engine_unreadable_rows_total", "Stored rows that this version cannot read, by kind: order, event. Responses omit them.";
    describe_histogram(Seconds) STORE_TRANSACTION = "engine_store_transaction_seconds", "Transactions of grouped writes.";
    describe_gauge(Seconds) STORE_OLDEST_WRITE = "engine_store_oldest_write_seconds", "Time the oldest open write transaction has been waiting for the store.";
    describe_histogram(Count) STORE_GROUP = "engine_store_group_writes", "Writes per transaction.";
    describe_histogram(Seconds) REDIS_CALL = "engine_redis_seconds", "Round trips to Redis, by part: queue, bus.";
    describe_counter(Count) REDIS_ERRORS = "engine_redis_errors_total", "Failed round trips to Redis, by part.";
    describe_histogram(Seconds) HTTP_REQUEST = "engine_http_request_seconds", "Time until the response begins, by method, route and status.";
    describe_counter(Count) PROBLEMS = "engine_problems_total", "Error responses, by code.";
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
