//! `engine top`: live figures of an engine.

use std::process::ExitCode;

use super::client;
use crate::{cli::TopArgs, top};

pub(crate) async fn run(args: TopArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.target)?;
    if args.once {
        top::print_once(&client).await?;
    } else {
        top::run(&client).await?;
    }
    Ok(ExitCode::SUCCESS)
}
