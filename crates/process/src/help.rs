//! Help texts for a terminal: documentation comments are Markdown, and clap wraps no lines without measuring the
//! terminal, which takes another dependency.

use clap::{Arg, Command, builder::PossibleValue};

/// The width of a terminal by default.
const WIDTH: usize = 80;
/// Columns before the text of an argument that begins on its own line.
const INDENT: usize = 10;
/// Columns around the name of an argument whose text is beside it.
const MARGIN: usize = 8;
/// The longest argument whose text has room beside it.
const WIDEST_BESIDE: usize = 32;

/// A space at which no line is broken.
const UNBROKEN: char = '\u{a0}';

/// The command with help texts without markup, in lines that fit. `-h` and `--help` say the same.
#[must_use]
pub fn plain_help(command: Command) -> Command {
    let widest = widest(&command);
    let command = if widest > WIDEST_BESIDE { command.next_line_help(true) } else { command };
    let room = if command.is_next_line_help_set() { WIDTH - INDENT } else { WIDTH - MARGIN - widest };
    let about = command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string);
    let command = match about {
        Some(about) => command.about(wrapped(&without_markup(&about), WIDTH)).long_about(None::<&str>),
        None => command,
    };
    let command = command.mut_args(|argument| plain_argument(argument, room));
    command.mut_subcommands(plain_help)
}

/// Columns of the longest argument.
fn widest(command: &Command) -> usize {
    let mut built = command.clone(); // only then arguments can be shown
    built.build();
    let shown = built.get_arguments().filter(|argument| !argument.is_hide_set());
    shown.map(|argument| argument.to_string().len()).max().unwrap_or(0)
}

fn plain_argument(argument: Arg, room: usize) -> Arg {
    let Some(help) = argument.get_long_help().or_else(|| argument.get_help()) else { return argument };
    let text = without_markup(&help.to_string());
    if !argument.get_action().takes_values() {
        return argument.help(wrapped(&text, room)).long_help(None::<&str>);
    }
    let values = argument.get_possible_values();
    let values = if argument.is_hide_possible_values_set() { &[][..] } else { &values[..] };
    let (described, named): (Vec<_>, Vec<_>) = values.iter().partition(|value| value.get_help().is_some());
    let named = named.into_iter().map(PossibleValue::get_name).collect::<Vec<_>>().join(", ");
    let named = if named.is_empty() { named } else { format!(" [{named}]") };
    let defaults = argument.get_default_values().iter().map(|value| value.to_string_lossy());
    let defaults = defaults.collect::<Vec<_>>().join(",");
    let default = if defaults.is_empty() || argument.is_hide_default_value_set() {
        String::new()
    } else {
        format!(" [default:{UNBROKEN}{defaults}]")
    };
    let mut lines = wrapped(&format!("{text}{named}{default}"), room);
    for value in described {
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        lines = format!("{lines}\n{}", wrapped(&format!("- {}: {help}", value.get_name()), room));
    }
    let argument = argument.help(lines).long_help(None::<&str>);
    argument.hide_possible_values(true).hide_default_value(true).hide_env(true)
}

fn without_markup(text: &str) -> String {
    text.replace('`', "")
}

/// Breaks lines between words.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines.join("\n").replace(UNBROKEN, " ")
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    /// Serves `things`.
    #[derive(Parser)]
    #[command(name = "test", next_line_help = true)]
    struct Program {
        /// Where `things` are kept, such as `postgres://user:password@host:5432/things`, or in a folder
        #[arg(long, default_value = "data")]
        _place: String,
    }

    #[test]
    fn texts_have_no_markup_and_fit() {
        let help = plain_help(Program::command()).render_help().to_string();
        assert!(!help.contains('`') && help.contains("[default: data]"), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= WIDTH), "{help}");
    }
}
