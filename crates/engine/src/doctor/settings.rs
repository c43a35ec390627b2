//! Checks of the settings.

use process::settings::Refusal;
use venues::simulated::SimulatedTokens;

use super::{Diagnosis, Finding};
use crate::cli::ServeArgs;

const CHECK: &str = "settings";
/// What to do about a value that the engine would refuse.
const CORRECT: &str = "correct it; engine serve --help describes every setting";

/// The finding for settings that the engine would refuse; `None` if the command line is wrong in another
/// way.
pub(crate) fn refused(refusal: &Refusal) -> Option<Diagnosis> {
    let Refusal::Setting(reason) = refusal else { return None };
    Some(vec![Finding::problem(CHECK, reason.clone(), CORRECT)].into())
}

/// Checks that need several settings at once, or the code that uses them.
pub(super) async fn examine(settings: &ServeArgs, misspelled: &[String]) -> Vec<Finding> {
    let advice = "correct the name, or remove it";
    let misspelled = misspelled.iter().map(|warning| Finding::warning(CHECK, warning.clone(), advice));
    let mut findings: Vec<Finding> = misspelled.collect();
    if let Err(error) = settings.venues.conditions() {
        findings.push(Finding::problem(CHECK, error.to_string(), "change one of them, or leave both out"));
    }
    if let Err(error) = api::check(&settings.api, &SimulatedTokens::default()).await {
        findings.push(Finding::problem(CHECK, error.to_string(), CORRECT));
    }
    if let Err(error) = telemetry::check(&settings.log) {
        findings.push(Finding::problem(CHECK, error.to_string(), "write it like info or worker=debug"));
    }
    if settings.backend.database_url.is_none() && settings.backend.redis_url.is_some() {
        let found = "REDIS_URL without DATABASE_URL: the queue is shared, the orders are not";
        findings.push(Finding::warning(CHECK, found, "set DATABASE_URL too, or leave out REDIS_URL"));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, "all valid"));
    }
    findings
}
