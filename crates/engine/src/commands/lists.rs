//! `engine tokens` and `engine venues`: what can be traded, and where.

use std::process::ExitCode;

use protocol::{TokenView, VenueView};
use serde::de::DeserializeOwned;

use super::{client, read};
use crate::{
    cli::ReadArgs,
    output::{self, print},
    render::table::{Table, number, text},
};

pub(crate) async fn tokens(args: ReadArgs) -> anyhow::Result<ExitCode> {
    list(args, "/api/tokens", |tokens: Vec<TokenView>| {
        let rows = tokens
            .into_iter()
            .map(|token| vec![token.symbol, token.name, token.decimals.to_string(), token.mint.to_string()]);
        Table::new(vec![text("SYMBOL", 0), text("NAME", 1), number("DECIMALS", 2), text("MINT", 0)], rows)
    })
    .await
}

pub(crate) async fn venues(args: ReadArgs) -> anyhow::Result<ExitCode> {
    list(args, "/api/venues", |venues: Vec<VenueView<'static>>| {
        let rows = venues.into_iter().map(|venue| vec![venue.id.to_string(), venue.name.into_owned()]);
        Table::new(vec![text("VENUE", 0), text("NAME", 0)], rows)
    })
    .await
}

async fn list<T: DeserializeOwned>(
    args: ReadArgs,
    path: &str,
    table: impl Fn(T) -> Table,
) -> anyhow::Result<ExitCode> {
    let answer = client(&args.target)?.list(path).await?;
    if args.json {
        print(answer)?;
    } else {
        print(table(read(&answer)?).text(output::width()))?;
    }
    Ok(ExitCode::SUCCESS)
}
