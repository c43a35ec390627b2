//! The checks of `engine doctor`: the settings, the servers they name, this machine, and the engine.

mod collector;
mod engine;
mod machine;
mod servers;
mod settings;

use console::style;
use serde::Serialize;

use crate::{
    cli::DoctorArgs,
    client::{Client, HeaderArgs},
    render::words::{counted, wrapped},
};

pub(crate) use settings::refused;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Ok,
    /// Worth knowing, and as it should be.
    Hint,
    /// The engine runs, but degraded or not as expected.
    Warning,
    /// The engine does not start, does not run, or loses what it should keep.
    Problem,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) check: &'static str,
    pub(crate) status: Level,
    pub(crate) found: String,
    /// What to do about it, in one line; `None` if the check passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, status: Level::Ok, found: found.into(), advice: None }
    }

    fn hint(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, status: Level::Hint, found: found.into(), advice: Some(advice.into()) }
    }

    fn warning(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, status: Level::Warning, found: found.into(), advice: Some(advice.into()) }
    }

    fn problem(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, status: Level::Problem, found: found.into(), advice: Some(advice.into()) }
    }
}

/// All results, in the order of the checks.
#[derive(Debug, Serialize)]
pub(crate) struct Diagnosis {
    /// The worst level.
    pub(crate) status: Level,
    checks: Vec<Finding>,
}

impl From<Vec<Finding>> for Diagnosis {
    fn from(checks: Vec<Finding>) -> Self {
        let status = checks.iter().map(|finding| finding.status).max().unwrap_or(Level::Ok);
        Self { status, checks }
    }
}

/// Runs all checks. They change nothing, here or on a server.
pub(crate) async fn examine(args: &DoctorArgs, misspelled: &[String]) -> anyhow::Result<Diagnosis> {
    let own_url = args.serve.0.api.local_url();
    let engine = Client::new(args.target.url.as_deref().unwrap_or(&own_url), &args.target.headers)?;
    let mut findings = settings::examine(&args.serve.0, misspelled).await;
    findings.extend(servers::database(&args.serve.0.backend).await);
    findings.push(servers::redis(&args.serve.0.backend).await);
    findings.extend(collector::collector(&args.serve.0.log).await);
    findings.push(machine::port(&args.serve.0.api, &Client::new(&own_url, &HeaderArgs::default())?).await);
    findings.push(engine::health(&engine, args.target.url.is_some()).await);
    findings.extend(engine::parked(&engine).await);
    findings.extend(machine::open_files(&args.serve.0));
    Ok(findings.into())
}

/// Columns before what was found.
const FOUND_AT: usize = 21;

impl Diagnosis {
    /// As people read it, in the width of a terminal if there is one.
    pub(crate) fn text(&self, width: Option<usize>) -> String {
        let mut lines = Vec::new();
        for Finding { check, status, found, advice } in &self.checks {
            lines.push(wrapped(&format!("{} {check:<10}  {found}", status.colored()), FOUND_AT, width));
            let advice = advice.as_ref().map(|advice| format!("{:19}  -> {advice}", ""));
            lines.extend(advice.map(|advice| wrapped(&advice, FOUND_AT + 3, width)));
        }
        let count = |level| self.checks.iter().filter(|finding| finding.status == level).count();
        let problems = match count(Level::Problem) {
            0 => "No problems".to_owned(),
            problems => counted(problems, "problem"),
        };
        let warnings = match count(Level::Warning) {
            0 => String::new(),
            warnings => format!(", {}", counted(warnings, "warning")),
        };
        format!("{}\n\n{problems}{warnings}", lines.join("\n"))
    }
}

impl Level {
    fn colored(self) -> String {
        match self {
            Self::Ok => style("ok      ").green(),
            Self::Hint => style("hint    ").cyan(),
            Self::Warning => style("warning ").yellow(),
            Self::Problem => style("problem ").red(),
        }
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnosis_is_as_bad_as_its_worst_finding() {
        let (fine, odd) = (Finding::ok("port", "is free"), Finding::warning("engine", "slow", "wait"));
        let bad = Finding::problem("redis", "is away", "start it");
        assert_eq!(Diagnosis::from(vec![fine.clone()]).status, Level::Ok);
        let with = |other: &Finding| Diagnosis::from(vec![fine.clone(), other.clone()]);
        assert_eq!(with(&odd).status, Level::Warning);
        assert!(with(&odd).text(None).ends_with("\n\nNo problems, 1 warning"));
        assert!(
            with(&Finding::hint("engine", "none runs", "start one")).text(None).ends_with("\nNo problems")
        );
        assert_eq!(Diagnosis::from(vec![odd, bad, fine]).status, Level::Problem);
    }

    #[test]
    fn a_finding_is_a_line_and_its_advice_another() {
        let bad = Finding::problem("redis", "is away", "start it");
        let shown = Diagnosis::from(vec![Finding::ok("port", "is free"), bad]).text(None);
        let shown = console::strip_ansi_codes(&shown).into_owned();
        let lines: Vec<_> = shown.lines().map(str::trim).collect();
        assert_eq!(
            lines,
            ["ok       port        is free", "problem  redis       is away", "-> start it", "", "1 problem"]
        );
    }
}
