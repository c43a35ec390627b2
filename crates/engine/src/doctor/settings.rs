//! Whether an engine would take its settings.

use std::error::Error;

use clap::error::{ContextKind, ErrorKind};

use super::{Diagnosis, Finding};
use crate::cli::ServeArgs;

const CHECK: &str = "settings";

/// Reads `.env` into the environment; a missing one is the normal case.
pub(crate) fn read_dotenv() -> Option<Finding> {
    match dotenvy::dotenv() {
        Err(error) if !error.not_found() => {
            // the error shows the line, which may hold a password
            let advice = "each line is NAME=value, and a value with spaces is quoted: see .env.example";
            let found = "a line of .env cannot be read, so it and what follows it is ignored";
            Some(Finding::problem(CHECK, found, advice))
        }
        _ => None,
    }
}

/// What a command line means whose settings the engine would refuse; nothing if it is wrong in
/// another way.
pub(crate) fn refused(error: &clap::Error) -> Option<Diagnosis> {
    if !matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue) {
        return None;
    }
    // not the message itself: it shows the value, which may hold a password
    let setting = error.get(ContextKind::InvalidArg)?.to_string();
    let name = setting.split_whitespace().next()?.trim_start_matches('-').replace('-', "_").to_uppercase();
    let reason = match (error.source(), error.get(ContextKind::ValidValue)) {
        (Some(source), _) => source.to_string(),
        (None, Some(allowed)) => format!("must be one of {allowed}"),
        (None, None) => "is not valid".to_owned(),
    };
    let advice = "change it in the environment, .env or the flag; engine --help tells what is allowed";
    Some(vec![Finding::problem(CHECK, format!("{name}: {reason}"), advice)].into())
}

/// What only shows when settings are seen together, or by who uses them.
pub(super) fn examine(settings: &ServeArgs, dotenv: Option<Finding>) -> Vec<Finding> {
    let mut findings = Vec::from_iter(dotenv);
    if let Err(error) = settings.venues.conditions() {
        findings.push(Finding::problem(CHECK, error.to_string(), "change one of them, or leave both out"));
    }
    if let Err(error) = infra::telemetry::check(&settings.log) {
        findings.push(Finding::problem(CHECK, error.to_string(), "write it like info or worker=debug"));
    }
    if settings.backend.database_url.is_none() && settings.backend.redis_url.is_some() {
        let found = "REDIS_URL without DATABASE_URL: the queue is shared, the orders are not";
        findings.push(Finding::warning(CHECK, found, "set DATABASE_URL too, or leave out REDIS_URL"));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, "all of them can be used"));
    }
    findings
}
