//! `engine explain ID`: how and why an order was executed.

use std::process::ExitCode;

use super::{client, read, show_market};
use crate::{cli::ExplainArgs, output::print, render::explanation_in_words};

pub(crate) async fn run(args: ExplainArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.target)?;
    let answer = client.explanation(args.id).await?;
    if args.json {
        print(answer)?;
    } else {
        show_market(&client).await;
        print(explanation_in_words(&read(&answer)?).trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}
