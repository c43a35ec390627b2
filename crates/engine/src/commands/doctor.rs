//! `engine doctor`: what is reachable, what is misconfigured, and what to do.

use std::process::ExitCode;

use crate::{
    PROBLEM_FOUND,
    cli::DoctorArgs,
    doctor::{self, Diagnosis, Finding, Level},
    output::print,
};

/// `dotenv` is what was found out when `.env` was read.
pub(crate) async fn run(args: DoctorArgs, dotenv: Option<Finding>) -> anyhow::Result<ExitCode> {
    tell(&doctor::examine(&args, dotenv).await?, args.json)
}

/// Tells why a command line was refused, if it asked for a doctor and its settings are the reason.
pub(crate) fn tell_refused(error: &clap::Error) -> Option<anyhow::Result<ExitCode>> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next()? != "doctor" {
        return None;
    }
    let as_json = arguments.any(|argument| argument == "--json");
    Some(tell(&doctor::refused(error)?, as_json))
}

fn tell(diagnosis: &Diagnosis, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        print(serde_json::to_string(diagnosis)?)?;
    } else {
        print(diagnosis)?;
    }
    let is_sound = diagnosis.status < Level::Problem;
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::from(PROBLEM_FOUND) })
}
