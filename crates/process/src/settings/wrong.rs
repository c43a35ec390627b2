//! Invalid values, each in one line: which setting or flag, its value, and what is expected.

use std::{env, error::Error, num::ParseIntError};

use clap::{
    Arg, Command,
    error::{ContextKind, ErrorKind},
};

use super::Refusal;

/// Puts an invalid value into one line; a secret is not shown. Any other error is reported as clap does it.
pub(super) fn explain(command: &Command, error: clap::Error) -> Refusal {
    let is_about_a_value = matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue);
    let invalid = error.get(ContextKind::InvalidArg).map(ToString::to_string).filter(|_| is_about_a_value);
    let argument = invalid.and_then(|name| find(command, &name));
    let Some(argument) = argument else { return Refusal::CommandLine(error) };
    let value = error.get(ContextKind::InvalidValue).map(ToString::to_string).unwrap_or_default();
    Refusal::Setting(format!("{}: {}", place(argument, &value), expected(argument, &error)))
}

/// The argument of a command, or of one of its subcommands, that clap calls by this name.
fn find<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    let own = command.get_arguments().find(|argument| argument.to_string() == name);
    own.or_else(|| command.get_subcommands().find_map(|nested| find(nested, name)))
}

/// Where the value comes from, and the value: `MAX_ATTEMPTS=x` or `--max-attempts x`.
fn place(argument: &Arg, value: &str) -> String {
    let flag = argument.get_long().map(|long| format!("--{long}"));
    let is_flag = |flag: &String| env::args().any(|it| it == *flag || it.starts_with(&format!("{flag}=")));
    let variable = argument.get_env().map(|name| name.to_string_lossy().into_owned());
    let variable = variable.filter(|_| !flag.as_ref().is_some_and(is_flag));
    let is_secret = argument.is_hide_env_values_set();
    match (variable, flag) {
        (Some(name), _) | (None, Some(name)) if is_secret => name,
        (Some(name), _) => format!("{name}={value}"),
        (None, Some(flag)) => format!("{flag} {value}"),
        (None, None) => value.to_owned(),
    }
}

fn expected(argument: &Arg, error: &clap::Error) -> String {
    if let Some(source) = error.source() {
        let text = source.to_string();
        let is_number = source.is::<ParseIntError>() || text.contains(OUT_OF_RANGE);
        return if is_number { whole_number(argument) } else { text };
    }
    let allowed: Vec<_> =
        argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if allowed.is_empty() {
        "is not valid".to_owned()
    } else {
        format!("must be one of {}", allowed.join(", "))
    }
}

/// How clap begins to say which numbers it takes.
const OUT_OF_RANGE: &str = " is not in ";

/// Clap reports the range only for a number outside of it, so this tries some.
fn whole_number(argument: &Arg) -> String {
    let probe = Arg::new("it").value_parser(argument.get_value_parser().clone()).allow_hyphen_values(true);
    let probe = Command::new("probe").arg(probe);
    let range = ["999999999999999999", "-1", "0"].into_iter().find_map(|number| {
        let refused = probe.clone().try_get_matches_from(["probe", number]).err()?;
        let text = refused.source()?.to_string();
        text.split_once(OUT_OF_RANGE).map(|(_, range)| range.to_owned())
    });
    let bounds = range.as_deref().and_then(|range| range.split_once(".."));
    match bounds.map(|(least, most)| (least, most.trim_start_matches('='))) {
        Some((least, most)) if most.len() < "999999999999999999".len() => {
            format!("must be a whole number from {least} to {most}")
        }
        Some((least, _)) => format!("must be a whole number, at least {least}"),
        None => "must be a whole number".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser, ValueEnum, value_parser};

    use super::*;

    #[derive(Debug, Clone, ValueEnum)]
    enum Mood {
        Kind,
        Wild,
    }

    #[derive(Debug, Parser)]
    struct Program {
        #[arg(long, value_parser = value_parser!(u32).range(1..=100))]
        _attempts: Option<u32>,
        #[arg(long, value_parser = value_parser!(u64).range(1..))]
        _orders: Option<u64>,
        #[arg(long)]
        _port: Option<u16>,
        #[arg(long)]
        _seed: Option<u64>,
        #[arg(long)]
        _mood: Option<Mood>,
        #[arg(long, env = "REDIS_URL", hide_env_values = true, value_parser = |_: &str| Err::<String, _>("must begin with x"))]
        _redis_url: Option<String>,
    }

    fn reason(argument: &str) -> String {
        let mut command = Program::command();
        command.build();
        let error = command.clone().try_get_matches_from(["it", argument]).unwrap_err();
        match explain(&command, error) {
            Refusal::Setting(reason) => reason,
            Refusal::CommandLine(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_wrong_value_is_named_with_what_is_expected() {
        for (argument, expected) in [
            ("--attempts=x", "--attempts x: must be a whole number from 1 to 100"),
            ("--attempts=101", "--attempts 101: must be a whole number from 1 to 100"),
            ("--orders=0", "--orders 0: must be a whole number, at least 1"),
            ("--port=70000", "--port 70000: must be a whole number from 0 to 65535"),
            ("--seed=x", "--seed x: must be a whole number"),
            ("--mood=mild", "--mood mild: must be one of kind, wild"),
        ] {
            assert_eq!(reason(argument), expected);
        }
    }

    #[test]
    fn a_secret_is_not_in_the_reason_for_its_refusal() {
        let reason = reason("--redis-url=s3cret");
        assert!(reason.ends_with(": must begin with x") && !reason.contains("s3cret"), "{reason}");
    }
}
