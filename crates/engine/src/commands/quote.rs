//! `engine quote`: what the venues would give now.

use std::process::ExitCode;

use super::{client, read, show_market};
use crate::{
    cli::QuoteArgs,
    client::{Client, OrderRequest},
    output::{self, print},
    render::quotes_in_words,
};

pub(crate) async fn run(args: QuoteArgs) -> anyhow::Result<ExitCode> {
    print_quotes(&client(&args.target)?, &args.trade.into(), args.json).await
}

/// Prints the quotes for an order, and places nothing.
pub(super) async fn print_quotes(
    client: &Client,
    order: &OrderRequest,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let answer = client.quotes(order).await?;
    if as_json {
        print(answer)?;
    } else {
        show_market(client).await;
        print(quotes_in_words(&read(&answer)?, output::width()).trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}
