//! `engine watch ID`: follows one order.

use std::process::ExitCode;

use super::{client, print_events};
use crate::cli::WatchArgs;

pub(crate) async fn run(args: WatchArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.target)?;
    let id = client.find(&args.order.id).await?;
    // an engine that goes away later is waited for
    client.reach().await?;
    print_events(&client, &args.target, id, args.after, args.json).await
}
