//! `engine top`: live figures of an engine.

use std::process::ExitCode;

use super::client;
use crate::{cli::TopArgs, top};

pub(crate) async fn run(args: TopArgs) -> anyhow::Result<ExitCode> {
    top::run(&client(&args.target)?).await?;
    Ok(ExitCode::SUCCESS)
}
