//! Help that fits on a screen.

use crate::support::run;

const COMMANDS: [&str; 20] = [
    "serve",
    "demo",
    "submit",
    "quote",
    "watch",
    "orders",
    "events",
    "explain",
    "cancel",
    "resume",
    "wallet",
    "tokens",
    "venues",
    "top",
    "doctor",
    "config",
    "bench",
    "backup",
    "restore",
    "completions",
];

/// The help of a command; `-h` says the same.
fn help(command: &[&str]) -> Vec<String> {
    let [long, short] = ["--help", "-h"].map(|flag| run(&[command, &[flag]].concat()));
    assert_eq!((long.status, &long.output), (0, &short.output), "{command:?}");
    long.output.lines().map(str::to_owned).collect()
}

#[test]
fn the_help_of_the_program_is_one_screen() {
    let lines = help(&[]);
    assert!(lines.len() <= 40, "{} lines", lines.len());
    let text = lines.join("\n");
    for command in COMMANDS {
        assert!(lines.iter().any(|line| line.starts_with(&format!("  {command} "))), "{command}: {text}");
    }
    assert!(text.contains("Examples:") && text.contains("Exit status: 0 success"), "{text}");
    assert!(!text.contains("--database-url") && text.contains("engine serve --help"), "{text}");
}

#[test]
fn the_version_names_the_commit_if_the_build_does() {
    let version = run(&["--version"]).output;
    let commit = option_env!("BUILD_COMMIT").filter(|commit| !commit.is_empty());
    assert_eq!(commit.is_some(), version.contains(" (commit "), "{version}");
    assert!(version.starts_with(&format!("engine {}", env!("CARGO_PKG_VERSION"))), "{version}");
}

#[test]
fn every_help_fits_a_terminal_and_has_no_markup() {
    let of_wallets = ["list", "open", "deposit", "withdraw", "reset", "postings"];
    let nested = of_wallets.map(|command| vec!["wallet", command]);
    for command in COMMANDS.map(|command| vec![command]).into_iter().chain(nested) {
        let lines = help(&command);
        for line in &lines {
            assert!(line.chars().count() <= 80 && !line.contains('`'), "{command:?}: {line}");
        }
        assert!(command == ["serve"] || lines.len() <= 45, "{command:?}: {} lines", lines.len());
    }
}

#[test]
fn settings_are_grouped_and_in_the_help_of_serve_only() {
    let text = help(&["serve"]).join("\n");
    for heading in ["Storage:", "API:", "Worker:", "Simulation:", "Logging:"] {
        assert!(text.contains(&format!("\n{heading}\n")), "{heading}: {text}");
    }
    assert!(text.contains("--database-url") && text.contains("[default: 3000]"), "{text}");
    for command in COMMANDS.into_iter().filter(|command| *command != "serve") {
        assert!(!help(&[command]).join("\n").contains("--sim-preset"), "{command}");
    }
}
