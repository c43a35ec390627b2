//! `engine explain ID`: how and why an order was executed.

use std::process::ExitCode;

use protocol::{EntryView, Explanation};

use super::{client, read, show_market};
use crate::{
    cli::ExplainArgs,
    output::{self, print},
    render::{Detail, explanation_in_words, moves_in_words},
};

pub(crate) async fn run(args: ExplainArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.target)?;
    let id = client.find(&args.order.id).await?;
    let answer = client.explanation(id).await?;
    if args.json {
        print(answer)?;
    } else {
        show_market(&client).await;
        let explanation: Explanation<'_> = read(&answer)?;
        let width = output::width();
        let detail = Detail { width, is_long: args.long || width.is_none() };
        print(explanation_in_words(&explanation, detail).trim_end())?;
        if explanation.order.wallet_id.is_some() {
            print(moves_in_words(&read::<Vec<EntryView<'_>>>(&client.order_postings(id).await?)?, width))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
