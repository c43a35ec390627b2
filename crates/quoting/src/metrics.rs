use domain::routing::VenueAnswer;
use metrics::{counter, histogram};
use telemetry::metrics::catalogue;

/// Counts the answers of the venues and how long each took.
pub(super) fn count(answers: &[VenueAnswer]) {
    for answer in answers {
        let (venue, outcome) = match answer {
            VenueAnswer::Quoted(quote) => {
                let seconds = f64::from(quote.latency_ms) / 1_000.0;
                histogram!(catalogue::VENUE_QUOTE, "venue" => quote.venue.as_str()).record(seconds);
                (quote.venue, "quoted")
            }
            VenueAnswer::LeftOut { venue, failure } => (*venue, failure.code.as_str()),
        };
        counter!(catalogue::VENUE_ANSWERS, "venue" => venue.as_str(), "outcome" => outcome).increment(1);
    }
}
