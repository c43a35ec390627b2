//! What a terminal shows, and what a pipe gets.

use std::process::Command;

use crate::{
    SMALL,
    support::{Engine, id_of, on_terminal, plain, program},
};

/// What a command shows on a terminal of 80 columns, each line of which fits.
fn shown(command: &Command) -> Vec<String> {
    let lines: Vec<String> = on_terminal(80, command).iter().map(|line| plain(line)).collect();
    for line in &lines {
        assert!(line.chars().count() <= 80, "{line}\nof\n{}", lines.join("\n"));
    }
    lines
}

#[test]
fn lists_and_explanations_fit_a_terminal_and_a_pipe_gets_everything() {
    let engine = Engine::start(&[]);
    let id = id_of(&engine.ask(&SMALL));
    let end = &id[id.len() - 8..];
    let listed = shown(&engine.command(&["orders"])).join("\n");
    assert!(listed.contains(end) && !listed.contains(&id) && listed.contains("s ago"), "{listed}");
    assert!(!listed.contains("PRICE"), "what matters least is left out: {listed}");
    let wide = on_terminal(160, &engine.command(&["orders"])).join("\n");
    assert!(wide.contains("PRICE") && wide.contains("USDC/SOL"), "{wide}");
    let piped = engine.ask(&["orders"]).output;
    let time = engine.ask_json(&["orders"])[0][0]["createdAt"].as_str().unwrap().to_owned();
    assert!(piped.contains(&id) && piped.contains(&time) && piped.contains("PRICE"), "{piped}");

    let explained = engine.ask_json(&["explain", &id]);
    let signature = explained[0]["attempts"][0]["submission"]["signature"].as_str().unwrap();
    let on_screen = shown(&engine.command(&["explain", end])).join("\n");
    assert!(on_screen.contains(&id) && !on_screen.contains(signature), "{on_screen}");
    for arguments in [&["explain", "--long", end][..], &["explain", end, "--color", "never", "--long"]] {
        let long = on_terminal(80, &engine.command(arguments)).join("\n");
        assert!(long.contains(signature), "{long}");
    }
    assert!(engine.ask(&["explain", end]).output.contains(signature));
    let watched = shown(&engine.command(&["watch", end])).join("\n");
    assert!(!watched.contains("submitted submitted") && watched.contains("USDC for 1 SOL at"), "{watched}");
    let port = engine.url.rsplit(':').next().unwrap();
    assert!(shown(&engine.command(&["doctor", "--port", port])).join("\n").contains("No problems"));
    assert!(shown(&engine.command(&["tokens"])).join("\n").contains("So1111"));
}

#[test]
fn colors_are_for_terminals_unless_they_are_asked_for() {
    let engine = Engine::start(&[]);
    assert_eq!(engine.ask(&SMALL).status, 0);
    let is_colored = |text: &str| text.contains("\u{1b}[32mconfirmed");
    let terminal = |command: &mut Command| is_colored(&on_terminal(80, command).join("\n"));
    assert!(terminal(&mut engine.command(&["orders"])));
    assert!(!terminal(&mut engine.command(&["orders", "--color", "never"])));
    assert!(!terminal(engine.command(&["orders"]).env("NO_COLOR", "1")));
    assert!(terminal(engine.command(&["orders", "--color=always"]).env("NO_COLOR", "1")));
    assert!(!is_colored(&engine.ask(&["orders"]).output));
    assert!(is_colored(&engine.ask(&["orders", "--color=always"]).output));
}

#[test]
fn a_log_is_colored_only_on_a_terminal() {
    let log = |arguments: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_str().unwrap().to_owned();
        let mut command = program(&["serve", "--port", "0", "--database-url", "postgres://127.0.0.1:1/x"]);
        command
            .args(["--startup-timeout-ms", "0", "--data-dir", &data, "--rust-log", "trace"])
            .args(arguments);
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    assert!(!log(&[]).contains('\u{1b}'));
    assert!(log(&["--color=always"]).contains('\u{1b}'));
}

#[test]
fn one_look_at_an_engine_needs_no_terminal() {
    let engine = Engine::start(&[]);
    assert_eq!(engine.ask(&SMALL).status, 0);
    let looked = engine.ask(&["top", "--once"]);
    assert_eq!(looked.status, 0, "{looked:?}");
    let [.., head, order] = looked.output.lines().collect::<Vec<_>>()[..] else { panic!("{looked:?}") };
    assert!(head.contains("DURATION") && !head.contains("AGE") && order.contains("confirmed"), "{looked:?}");
    for part in ["PAPER · instant · seed 42", "status ok  workers 1", "0 in flight, 0 resting"] {
        assert!(looked.output.contains(part), "{part}: {looked:?}");
    }
}
