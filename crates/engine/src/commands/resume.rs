//! `engine resume ID`: resumes a parked order.

use std::process::ExitCode;

use super::client;
use crate::{cli::ResumeArgs, output::print};

pub(crate) async fn run(args: ResumeArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.target)?;
    let id = client.find(&args.order.id).await?;
    client.resume(id).await?;
    print(format_args!("{id} is due now; engine watch {id} follows it"))?;
    Ok(ExitCode::SUCCESS)
}
