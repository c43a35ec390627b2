//! Paper money that comes and goes.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use anyhow::{bail, ensure};

use super::{client, read, show_market};
use crate::{
    cli::{MoneyArgs, OpenArgs, ResetArgs, TransferArgs},
    client::MoneyRequest,
    output::{self, print},
    render::wallet_in_words,
};

pub(super) async fn open(args: OpenArgs) -> anyhow::Result<ExitCode> {
    let request = MoneyRequest::open(&args.name, &args.amounts, args.money.idempotency_key.clone())?;
    carry_out(&request, &args.money).await
}

pub(super) async fn transfer(args: TransferArgs, action: &str) -> anyhow::Result<ExitCode> {
    let key = args.money.idempotency_key.clone();
    let request = MoneyRequest::transfer(&args.wallet.wallet, action, &args.amounts, key)?;
    carry_out(&request, &args.money).await
}

pub(super) async fn reset(args: ResetArgs) -> anyhow::Result<ExitCode> {
    let wallet = &args.wallet.wallet;
    let request = MoneyRequest::reset(wallet, &args.amounts, args.money.idempotency_key.clone())?;
    let what = format!("this cancels the open orders of wallet {wallet} and replaces its balances");
    if !args.yes {
        ensure!(io::stdin().is_terminal(), "{what}: repeat it with --yes if you mean that");
        if !is_meant(&what)? {
            bail!("nothing was done");
        }
    }
    carry_out(&request, &args.money).await
}

/// Asks on a terminal.
fn is_meant(what: &str) -> anyhow::Result<bool> {
    eprint!("engine: {what}. Do you mean that? [y/N] ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Shows the wallet as it is then.
async fn carry_out(request: &MoneyRequest, args: &MoneyArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.target)?;
    let answer = client.move_money(request).await?;
    if args.json {
        print(answer)?;
    } else {
        show_market(&client).await;
        print(wallet_in_words(&read(&answer)?, output::width()))?;
    }
    Ok(ExitCode::SUCCESS)
}
