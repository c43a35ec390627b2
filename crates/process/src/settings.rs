//! Loads a program's settings from `.env` in its working directory, the environment and flags; later
//! sources win.

mod effective;
mod wrong;

use std::{
    collections::BTreeSet,
    env, fmt, fs, io,
    path::{Path, PathBuf},
};

use clap::{
    Arg, Command, Parser,
    builder::{OsStr, Resettable},
};

use crate::plain_help;

pub use effective::{Setting, Source};
use wrong::explain;

/// Settings, and where they came from.
#[derive(Debug)]
pub struct Loaded<T> {
    pub settings: T,
    /// The file that was read, if there is one.
    pub dotenv: Option<PathBuf>,
    /// Warnings about names that look like misspelled settings.
    pub warnings: Vec<String>,
    /// The values in force.
    pub effective: Vec<Setting>,
}

impl<T> Loaded<T> {
    /// Logs where the settings came from; logging must have been started.
    pub fn log(&self) {
        if let Some(path) = &self.dotenv {
            tracing::info!(file = %path.display(), "settings read");
        }
        for warning in &self.warnings {
            tracing::warn!("{warning}");
        }
    }
}

/// Why settings could not be loaded.
#[derive(Debug)]
pub enum Refusal {
    /// A setting is not valid. The text contains no secret.
    Setting(String),
    /// The command line is not valid, or asks for help.
    CommandLine(clap::Error),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine(error) => error.fmt(f),
            Self::Setting(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// Exits the program with the reason on standard error.
    pub fn exit(self, program: &str) -> ! {
        match self {
            Self::CommandLine(error) => error.exit(),
            Self::Setting(reason) => {
                eprintln!("{program}: {reason}");
                std::process::exit(2)
            }
        }
    }
}

/// Loads a program's settings. An empty variable counts as unset. When the program is run with one of its
/// subcommands, the environment applies to the subcommand's arguments only.
///
/// # Errors
/// [`Refusal`].
pub fn load<T: Parser>() -> Result<Loaded<T>, Refusal> {
    let before: BTreeSet<String> =
        env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    let dotenv = read_dotenv(Path::new(".env")).map_err(Refusal::Setting)?;
    let in_file = names_in(dotenv.as_deref());
    let command = plain_help(T::command());
    let warnings = misspelled(&command, &in_file);
    let first = env::args().nth(1).unwrap_or_default();
    let chosen = command.find_subcommand(&first);
    // knows all that the chosen one takes, without what the environment makes of it
    let mut described = chosen.unwrap_or(&command).clone();
    described.build();
    let command = prepare(command.clone(), chosen.is_some()).map_err(Refusal::Setting)?;
    let mut matches = command.try_get_matches().map_err(|error| explain(&described, error))?;
    let from_dotenv = in_file.into_iter().filter(|name| !before.contains(name)).collect();
    let own = matches.subcommand().map_or(&matches, |(_, own)| own);
    let effective = effective::effective(&described, own, &from_dotenv);
    let settings = T::from_arg_matches_mut(&mut matches)
        .map_err(|error| explain(&described, error.format(&mut described.clone())))?;
    Ok(Loaded { settings, dotenv, warnings, effective })
}

/// A program's settings without any flag, from an environment that [`load`] has completed.
///
/// # Errors
/// [`Refusal`].
pub fn from_environment<T: Parser>() -> Result<T, Refusal> {
    let mut described = T::command();
    described.build();
    let command = prepare(T::command(), false).map_err(Refusal::Setting)?;
    let matches = command.try_get_matches_from([""]).and_then(|matches| T::from_arg_matches(&matches));
    matches.map_err(|error| explain(&described, error))
}

/// Reads `.env` into the environment, where what is set already stays. A missing file is the normal case;
/// one that cannot be read to its end stops the program, or it would run with half of its settings.
fn read_dotenv(path: &Path) -> Result<Option<PathBuf>, String> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
    };
    check_dotenv(&text)?;
    dotenvy::from_read(text.as_bytes()).map_err(|_| format!("{} cannot be read", path.display()))?;
    Ok(Some(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())))
}

/// Reports an invalid `.env` by line number, never by content.
fn check_dotenv(text: &str) -> Result<(), String> {
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let line = line.trim();
        let Some((_, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { continue };
        let is_literal = value.trim_start().starts_with('\'');
        if !is_literal && value.replace("\\$", "").contains('$') {
            return Err(format!(
                "line {number} of .env has a $, which would be replaced by a variable: put the value in single \
                 quotes, or write \\$"
            ));
        }
    }
    for item in dotenvy::from_read_iter(text.as_bytes()) {
        if let Err(error) = item {
            let number =
                line_of(text, &error).map_or_else(String::new, |number| format!("line {number} of "));
            return Err(format!(
                "{number}.env cannot be read: each line is NAME=value, and a value with spaces is quoted; see \
                 .env.example"
            ));
        }
    }
    Ok(())
}

/// The number of the line that could not be parsed.
fn line_of(text: &str, error: &dotenvy::Error) -> Option<usize> {
    let dotenvy::Error::LineParse(line, _) = error else { return None };
    let first = line.lines().next()?.trim();
    text.lines().position(|candidate| candidate.contains(first)).map(|index| index + 1)
}

/// Names that a `.env` sets.
fn names_in(path: Option<&Path>) -> Vec<String> {
    let Some(path) = path else { return Vec::new() };
    let Ok(items) = dotenvy::from_path_iter(path) else { return Vec::new() };
    items.filter_map(|item| item.ok().map(|(name, _)| name)).collect()
}

/// Variables that libraries read and `.env` may set.
const READ_BY_LIBRARIES: [&str; 3] = ["NO_COLOR", "SSL_CERT_DIR", "SSL_CERT_FILE"];

/// Every setting of every program: they may share a `.env`.
fn documented() -> impl Iterator<Item = &'static str> {
    let lines = include_str!("../../../.env.example").lines();
    let names = lines.filter_map(|line| line.trim_start_matches('#').split_once('=')).map(|(name, _)| name);
    names.filter(|name| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
}

/// Every variable that an argument can come from.
fn variables(command: &Command) -> BTreeSet<String> {
    let own =
        command.get_arguments().filter_map(Arg::get_env).map(|name| name.to_string_lossy().into_owned());
    let nested = command.get_subcommands().flat_map(variables);
    own.chain(nested).collect()
}

/// Settings that had another name in an earlier version.
const RENAMED: [(&str, &str); 1] = [("MAX_OPEN_ORDERS", "MAX_IN_FLIGHT_ORDERS")];

/// Names that are no settings but nearly are: any in `.env` (`in_file`), and close ones in the environment.
fn misspelled(command: &Command, in_file: &[String]) -> Vec<String> {
    let all = documented().chain(READ_BY_LIBRARIES).map(str::to_owned).chain(variables(command));
    let known: BTreeSet<String> = all.flat_map(|name| [format!("{name}_FILE"), name]).collect();
    let near = |name: &str| {
        let distance = |candidate: &&String| strsim::osa_distance(name, candidate);
        known.iter().min_by_key(distance).filter(|candidate| (1..=2).contains(&distance(candidate)))
    };
    let mut warnings = Vec::new();
    for (before, now) in RENAMED {
        if in_file.iter().any(|name| name == before) || env::var_os(before).is_some() {
            warnings.push(format!("{before} is called {now} now and has no effect"));
        }
    }
    let in_file = in_file.iter().filter(|name| RENAMED.iter().all(|(before, _)| name != before));
    for name in in_file.clone().filter(|name| !known.contains(*name)) {
        warnings.push(match near(name) {
            Some(meant) => format!(".env: {name} is not a setting; did you mean {meant}?"),
            None => format!(".env: {name} is not a setting"),
        });
    }
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.len() > 4 && !known.contains(&*name) && in_file.clone().all(|it| *it != name) {
            let meant = near(&name).filter(|meant| meant.len() > 4);
            warnings.extend(meant.map(|meant| {
                format!("the environment sets {name}, which is not a setting; did you mean {meant}?")
            }));
        }
    }
    warnings
}

/// Reads numbers below zero as values, drops variables that do not apply, and reads secrets kept in files. `ignores_own`: the
/// environment does not apply to the command's own arguments.
fn prepare(command: Command, ignores_own: bool) -> Result<Command, String> {
    let mut complaints = Vec::new();
    let mut prepare =
        |argument, is_ignored| with_environment(with_negative_numbers(argument), is_ignored, &mut complaints);
    let mut prepared = command.mut_args(|argument| prepare(argument, ignores_own));
    let nested: Vec<String> = prepared.get_subcommands().map(|it| it.get_name().to_owned()).collect();
    for name in nested {
        prepared =
            prepared.mut_subcommand(name, |command| command.mut_args(|argument| prepare(argument, false)));
    }
    complaints.into_iter().next().map_or(Ok(prepared), Err)
}

/// A number below zero is the value of the flag before it, which can say what it takes instead.
fn with_negative_numbers(argument: Arg) -> Arg {
    let is_flag_with_value = argument.get_long().is_some() && argument.get_action().takes_values();
    argument.allow_negative_numbers(is_flag_with_value)
}

fn with_environment(argument: Arg, is_ignored: bool, complaints: &mut Vec<String>) -> Arg {
    let Some(name) = argument.get_env().map(|name| name.to_string_lossy().into_owned()) else {
        return argument;
    };
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let file_name = format!("{name}_FILE");
    let file = set(&file_name).filter(|_| argument.is_hide_env_values_set() && !is_ignored);
    let is_unset = is_ignored || set(&name).is_none();
    let argument = if is_unset { argument.env(Resettable::<OsStr>::Reset) } else { argument };
    let Some(file) = file else { return argument };
    if !is_unset {
        complaints.push(format!("{name} and {file_name} are both set: leave one out"));
        return argument;
    }
    match fs::read_to_string(&file) {
        // Settings are read once in the life of a program.
        Ok(text) => argument.default_value(&*text.trim_end_matches(['\r', '\n']).to_owned().leak()),
        Err(error) => {
            complaints.push(format!("{file_name}: {} cannot be read: {error}", Path::new(&file).display()));
            argument
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_read_is_named_by_its_number_and_not_shown() {
        let complaint = check_dotenv("PORT=1\n\nNAME=my secret engine\n").unwrap_err();
        assert!(complaint.starts_with("line 3 of .env") && !complaint.contains("secret"), "{complaint}");
        let complaint = check_dotenv("A=1\nREDIS_URL=redis://:pa$word@h\n").unwrap_err();
        assert!(
            complaint.starts_with("line 2 of .env has a $") && !complaint.contains("word@"),
            "{complaint}"
        );
        for fine in ["A='pa$word'", "A=pa\\$word", "# A=$B", "", "export A=1"] {
            assert_eq!(check_dotenv(fine), Ok(()), "{fine}");
        }
    }
}
