//! `engine demo`.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use serde_json::Value;

use crate::support::{Engine, on_terminal, plain, program, run};

/// Columns before a step on a terminal.
const SPINNER: usize = 2;

#[test]
fn a_demo_shows_fills_a_failure_and_where_the_page_is() {
    let engine = Engine::start(&[]);
    let shown = engine.ask(&["demo", "--url", &engine.url]);
    assert_eq!(shown.status, 0, "{shown:?}");
    for part in [
        "USDC/SOL",
        "SOL/JTO",
        "USDC -> SOL",
        "less than the order's minimum",
        "5 of 6 orders confirmed",
        "The wallet was worth ",
        " to the network; ",
        " went into token accounts\n",
    ] {
        assert!(shown.output.contains(part), "{part}: {shown:?}");
    }
    assert!(shown.output.ends_with(&format!("See the orders at {}/\n", engine.url)), "{shown:?}");
    assert!(!shown.complaint.contains("submitted submitted"), "{shown:?}");
    let steps: Vec<_> = shown.complaint.lines().filter(|line| line.contains(" -> ")).collect();
    assert!(steps.len() > 20, "{shown:?}");
    for step in steps {
        assert!(step.chars().count() + SPINNER <= 80, "{step}");
    }
    let orders = engine.ask_json(&["demo", "--url", &engine.url]);
    let statuses: Vec<&Value> = orders[0].as_array().unwrap().iter().map(|order| &order["status"]).collect();
    assert_eq!(statuses, ["confirmed", "confirmed", "confirmed", "confirmed", "confirmed", "failed"]);
}

#[test]
fn a_demo_starts_an_engine_and_fits_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let port = testkit::ports::free().to_string();
    let data = folder.path().to_str().unwrap();
    let demo = program(&["demo", "--port", &port, "--data-dir", data, "--sim-preset", "instant"]);
    for columns in [80, 120] {
        let lines: Vec<String> = on_terminal(columns, &demo).iter().map(|line| plain(line)).collect();
        let table = lines.iter().position(|line| line.starts_with("ORDER ")).expect("a table");
        assert!(lines[table].contains("PRICE"), "{}", lines[table]);
        for line in &lines[table..] {
            assert!(line.chars().count() <= columns.into(), "{line}");
        }
        let page = format!("http://127.0.0.1:{port}/");
        assert!(lines.last().unwrap().ends_with(&page), "{lines:?}");
    }
}

#[test]
fn an_interrupted_demo_stops_its_engine_and_says_what_becomes_of_the_orders() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let slow = ["--sim-landing-min-ms", "600000", "--sim-landing-max-ms", "600000"];
    let mut demo = program(&[&["demo", "--port", "0", "--data-dir", data][..], &slow].concat());
    let mut demo = demo.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(demo.stderr.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.contains("waiting for the chain")).expect("an order that is on its way");
    testkit::process::signal(demo.id(), "INT");
    let said = lines.last().unwrap();
    assert_eq!(demo.wait().unwrap().code(), Some(130), "{said}");
    assert!(said.starts_with("Interrupted: ") && said.contains("This engine has stopped"), "{said}");
}

#[test]
fn a_demo_finds_the_engine_that_it_starts_on_any_free_port() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let shown = run(&["demo", "--port", "0", "--data-dir", data, "--sim-preset", "instant"]);
    assert!(shown.status == 0 && shown.output.contains("5 of 6 orders confirmed"), "{shown:?}");
    assert!(
        shown.output.ends_with("with the same options and open the address that it prints\n"),
        "{shown:?}"
    );
}
