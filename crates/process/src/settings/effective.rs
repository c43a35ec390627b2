//! The values in force, and where they come from.

use std::collections::BTreeSet;

use clap::{Arg, ArgMatches, Command, parser::ValueSource};

/// A setting in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The variable.
    pub name: String,
    /// The heading it stands under in the help.
    pub group: String,
    /// `None`: not set. A secret is not shown, nor are user and password of an address.
    pub value: Option<String>,
    pub source: Source,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Default,
    Environment,
    DotEnv,
    /// The file that a variable such as `DATABASE_URL_FILE` names.
    File,
    Flag,
}

impl Source {
    /// As people read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Environment => "environment",
            Self::DotEnv => ".env",
            Self::File => "file",
            Self::Flag => "flag",
        }
    }
}

/// Shown in place of a secret.
const HIDDEN: &str = "(hidden)";

/// Every setting that a command takes, with its value. `from_dotenv`: the variables that `.env` has set.
pub(super) fn effective(
    command: &Command,
    matches: &ArgMatches,
    from_dotenv: &BTreeSet<String>,
) -> Vec<Setting> {
    let settings = command.get_arguments().filter_map(|argument| {
        let name = argument.get_env()?.to_string_lossy().into_owned();
        let is_secret = argument.is_hide_env_values_set();
        let value = shown(argument, matches);
        let value = value.map(|value| if is_secret { HIDDEN.to_owned() } else { without_user(&value) });
        let source = match matches.value_source(argument.get_id().as_str()) {
            Some(ValueSource::CommandLine) => Source::Flag,
            Some(ValueSource::EnvVariable) if from_dotenv.contains(&name) => Source::DotEnv,
            Some(ValueSource::EnvVariable) => Source::Environment,
            // no secret has a default of its own
            Some(_) if is_secret => Source::File,
            _ => Source::Default,
        };
        let group = argument.get_help_heading().unwrap_or_default().to_owned();
        Some(Setting { name, group, value, source })
    });
    settings.collect()
}

/// A value without the user and password of an address, such as `https://user:password@host`.
fn without_user(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{HIDDEN}@{}", &rest[at + 1..]),
        None => value.to_owned(),
    }
}

fn shown(argument: &Arg, matches: &ArgMatches) -> Option<String> {
    let values = matches.get_raw(argument.get_id().as_str())?;
    Some(values.map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_user() {
        for (value, shown) in [
            ("https://me:secret@collector:4318/v1", "https://(hidden)@collector:4318/v1"),
            ("http://token@collector", "http://(hidden)@collector"),
            ("http://me:p@ss@collector", "http://(hidden)@collector"),
            ("http://collector/me@home", "http://collector/me@home"),
            ("info", "info"),
        ] {
            assert_eq!(without_user(value), shown);
        }
    }
}
