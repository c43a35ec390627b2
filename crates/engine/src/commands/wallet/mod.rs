//! `engine wallet`: what wallets have, and paper money that moves.

mod money;
mod postings;

use std::process::ExitCode;

use domain::ports::Clock;
use infra::clock::SystemClock;
use protocol::WalletView;

use super::{client, read, show_market};
use crate::{
    cli::{ReadArgs, ShowArgs, WalletArgs, WalletCommand},
    client::WALLETS,
    output::{self, print},
    render::{earnings_in_words, wallet_in_words, wallet_table},
};

pub(crate) async fn run(args: WalletArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        None => show(args.show).await,
        Some(WalletCommand::List(args)) => list(args).await,
        Some(WalletCommand::Open(args)) => money::open(args).await,
        Some(WalletCommand::Deposit(args)) => money::transfer(args, "/deposit").await,
        Some(WalletCommand::Withdraw(args)) => money::transfer(args, "/withdraw").await,
        Some(WalletCommand::Reset(args)) => money::reset(args).await,
        Some(WalletCommand::Postings(args)) => postings::run(args).await,
    }
}

async fn show(args: ShowArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.target)?;
    let name = &args.wallet.wallet;
    let (wallet, earnings) = (client.wallet(name).await?, client.earnings(name).await?);
    if args.json {
        print(format!(r#"{{"wallet":{wallet},"pnl":{earnings}}}"#))?;
    } else {
        show_market(&client).await;
        let width = output::width();
        print(wallet_in_words(&read(&wallet)?, width))?;
        print(earnings_in_words(&read(&earnings)?, width))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(args: ReadArgs) -> anyhow::Result<ExitCode> {
    let client = client(&args.target)?;
    let answer = client.list(WALLETS).await?;
    if args.json {
        print(answer)?;
    } else {
        show_market(&client).await;
        let width = output::width();
        let wallets = read::<Vec<WalletView<'_>>>(&answer)?;
        print(wallet_table(&wallets, SystemClock.now(), width.is_some()).text(width))?;
    }
    Ok(ExitCode::SUCCESS)
}
