//! `engine doctor`: what is reachable, what is misconfigured, and what to do.

use std::process::ExitCode;

use process::settings::Refusal;

use crate::{
    cli::DoctorArgs,
    doctor::{self, Diagnosis, Level},
    exit,
    output::{self, print},
};

/// `misspelled` are names that look like misspelled settings.
pub(crate) async fn run(args: DoctorArgs, misspelled: &[String]) -> anyhow::Result<ExitCode> {
    report(&doctor::examine(&args, misspelled).await?, args.json)
}

/// Reports invalid settings as a diagnosis, if the command line asked for `doctor`.
pub(crate) fn report_refused(refusal: &Refusal) -> Option<anyhow::Result<ExitCode>> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next()? != "doctor" {
        return None;
    }
    let as_json = arguments.any(|argument| argument == "--json");
    Some(report(&doctor::refused(refusal)?, as_json))
}

fn report(diagnosis: &Diagnosis, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        print(serde_json::to_string(diagnosis)?)?;
    } else {
        print(diagnosis.text(output::width()))?;
    }
    let is_sound = diagnosis.status < Level::Problem;
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::from(exit::PROBLEM_FOUND) })
}
