//! `engine resume ID`: resumes a parked order.

use std::process::ExitCode;

use super::client;
use crate::{cli::ResumeArgs, output::print};

pub(crate) async fn run(args: ResumeArgs) -> anyhow::Result<ExitCode> {
    client(&args.target)?.resume(args.id).await?;
    print(format_args!("{} is due now; engine watch {0} follows it", args.id))?;
    Ok(ExitCode::SUCCESS)
}
