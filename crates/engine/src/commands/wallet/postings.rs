//! `engine wallet postings`: a wallet's books.

use std::process::ExitCode;

use domain::ports::Clock;
use infra::clock::SystemClock;
use protocol::EntryView;

use super::{client, read, show_market};
use crate::{
    cli::PostingsArgs,
    client::{Client, Page},
    commands::print_array,
    output::{self, print},
    render::posting_table,
};

pub(super) async fn run(args: PostingsArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.target)?;
    let wallet = &args.wallet.wallet;
    if args.csv {
        client.export_postings(wallet, output::write).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let first = client.posting_pages(wallet, &args.query()).await?;
    let cursor = first.next_cursor().filter(|_| !args.all).map(str::to_owned);
    match (args.json, args.all) {
        (true, true) => print_array(&client, first).await?,
        (true, false) => print(first.body)?,
        (false, _) => print_table(&client, first, args.all).await?,
    }
    if let Some(cursor) = cursor {
        eprintln!("There may be more: --all, or --cursor {cursor}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn print_table(client: &Client, mut page: Page, is_all: bool) -> anyhow::Result<()> {
    show_market(client).await;
    let mut entries: Vec<EntryView<'static>> = read(&page.body)?;
    while is_all && let Some(next) = client.next_page(&page).await? {
        entries.extend(read::<Vec<EntryView<'static>>>(&next.body)?);
        page = next;
    }
    if entries.is_empty() {
        print("no postings")
    } else {
        let width = output::width();
        print(posting_table(&entries, SystemClock.now(), width.is_some()).text(width))
    }
}
