//! `engine completions SHELL`: shell completions.

use std::process::ExitCode;

use clap::CommandFactory;

use crate::{
    cli::{Cli, CompletionsArgs},
    output::print,
};

pub(crate) fn run(args: &CompletionsArgs) -> anyhow::Result<ExitCode> {
    let mut completions = Vec::new(); // not straight to standard output, whose reader may leave early
    clap_complete::generate(args.shell, &mut process::plain_help(Cli::command()), "engine", &mut completions);
    print(String::from_utf8_lossy(&completions).trim_end())?;
    Ok(ExitCode::SUCCESS)
}
