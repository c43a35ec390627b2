//! `engine events ID`: the events that an order has so far.

use std::process::ExitCode;

use protocol::EventBody;

use super::{Lines, client, print_array, read};
use crate::cli::EventsArgs;

pub(crate) async fn run(args: EventsArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.target)?;
    let id = client.find(&args.order.id).await?;
    let first = client.event_pages(id, args.after).await?;
    if args.json {
        print_array(&client, first).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let lines = Lines::of(&client, id).await;
    let mut page = Some(first);
    while let Some(this) = page {
        for event in read::<Vec<EventBody<'_>>>(&this.body)? {
            lines.print(&event)?;
        }
        page = client.next_page(&this).await?;
    }
    Ok(ExitCode::SUCCESS)
}
