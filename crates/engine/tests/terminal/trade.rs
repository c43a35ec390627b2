//! Quotes, and the ways to submit.

use std::{
    io::{BufRead, BufReader, Read},
    process::Stdio,
};

use crate::{
    SMALL,
    support::{Engine, id_of, program},
};

#[test]
fn quotes_are_shown_and_nothing_is_placed() {
    let engine = Engine::start(&[]);
    let asked = ["quote", "--in", "SOL", "--out", "USDC", "--amount-in", "100"];
    let dry = [&SMALL[..], &["--dry-run", "--expires-in", "60"]].concat();
    for arguments in [&asked[..], &dry] {
        let quoted = engine.ask(arguments);
        assert_eq!(quoted.status, 0, "{quoted:?}");
        for part in ["raydium", "meteora", "USDC/SOL", "selected", "rejected", "bound      receive at least"]
        {
            assert!(quoted.output.contains(part), "{part}: {quoted:?}");
        }
        let json = engine.ask_json(arguments);
        assert_eq!(json[0]["quotes"].as_array().unwrap().len(), 2);
    }
    let refused = engine.ask(&["quote", "--in", "SOL", "--out", "USDC", "--amount-in", "9000000000"]);
    assert!(refused.status == 2 && refused.complaint.contains("not deep enough"), "{refused:?}");
    assert_eq!(engine.ask(&["orders"]).output.trim(), "no orders");
}

#[test]
fn an_order_is_left_to_itself_and_a_key_places_it_once() {
    let engine = Engine::start(&[]);
    let detached = [&SMALL[..], &["--detach", "--idempotency-key", "once"]].concat();
    let [first, again] = [&detached, &detached].map(|arguments| engine.ask(arguments));
    assert_eq!((first.status, first.output.lines().count()), (0, 1), "{first:?}");
    assert_eq!(first.output, again.output, "the same key is the same order");
    assert_eq!(engine.ask(&["watch", first.output.trim()]).status, 0);
    let json = engine.ask_json(&[&SMALL[..], &["--detach"]].concat());
    assert!(json[0]["orderId"].is_string(), "{json:?}");
    let other = engine.ask(&[
        "submit",
        "--in",
        "SOL",
        "--out",
        "USDC",
        "--amount-in",
        "2",
        "--idempotency-key",
        "once",
    ]);
    assert!(other.status == 2 && other.complaint.contains("409"), "{other:?}");
}

#[test]
fn an_interrupted_follower_says_how_to_go_on() {
    let engine =
        Engine::start(&["--max-attempts", "10", "--retry-base-ms", "600000", "--retry-cap-ms", "3600000"]);
    let waits = [&SMALL[..], &["--min-amount-out", "1000000"]].concat();
    let mut submit = engine.command(&waits).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(submit.stdout.take().unwrap()).lines().map(Result::unwrap);
    let id = lines.next().unwrap().strip_prefix("order ").unwrap().to_owned();
    let last = lines.find(|line| line.contains("attempt 1 failed")).unwrap();
    let seq = last.split_whitespace().nth(1).unwrap();
    testkit::process::signal(submit.id(), "INT");
    assert_eq!(submit.wait().unwrap().code(), Some(130));
    let mut said = String::new();
    submit.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.ends_with(&format!("The order continues: engine watch {id} --after {seq}\n")), "{said}");
    let mut watch = program(&["watch", &id, "--url", &engine.url]);
    let mut watch = watch.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.contains("attempt 1 failed")).unwrap();
    testkit::process::signal(watch.id(), "INT");
    let said = String::from_utf8(watch.wait_with_output().unwrap().stderr).unwrap();
    let hint = format!("engine watch {id} --after {seq} --url {}\n", engine.url);
    assert!(said.ends_with(&hint), "the address that was given is repeated: {said}");
    assert_eq!(engine.ask(&["cancel", &id]).status, 0);
    let rest = engine.ask(&["watch", &id, "--after", seq]);
    assert!(rest.output.contains("canceled") && rest.output.lines().count() == 1, "{rest:?}");
}

#[test]
fn a_negative_amount_is_rejected_as_such() {
    let engine = Engine::start(&[]);
    assert!(!id_of(&engine.ask(&SMALL)).is_empty());
    for flag in ["--amount-in", "--amount-out"] {
        let refused = engine.ask(&["submit", "--in", "SOL", "--out", "USDC", flag, "-1"]);
        assert_eq!(
            (refused.status, &*refused.complaint),
            (2, &*format!("engine: {flag} -1: must be greater than zero\n"))
        );
    }
}
