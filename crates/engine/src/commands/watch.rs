//! `engine watch ID`: follows one order.

use std::process::ExitCode;

use super::{client, print_events};
use crate::cli::WatchArgs;

pub(crate) async fn run(args: WatchArgs) -> anyhow::Result<ExitCode> {
    print_events(&client(&args.target)?, args.id, args.after, args.json).await
}
