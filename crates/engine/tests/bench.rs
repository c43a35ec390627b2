//! `engine bench` over an engine of its own, as a newcomer would run it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use serde_json::Value;

/// The report of a run with these arguments, and whether the program was content.
fn bench(arguments: &[&str]) -> (Value, bool) {
    bench_with(arguments, &[])
}

/// The same, with settings in the environment.
fn bench_with(arguments: &[&str], settings: &[(&str, &str)]) -> (Value, bool) {
    let folder = tempfile::tempdir().unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_engine"))
        .arg("bench")
        .args(arguments)
        .arg("--json")
        .envs(settings.iter().copied())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let left: Vec<_> = folder.path().read_dir().unwrap().collect();
    assert!(left.is_empty(), "it leaves nothing where it was started: {left:?}");
    let report = serde_json::from_slice(&run.stdout);
    (report.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&run.stderr))), run.status.success())
}

#[test]
fn a_closed_loop_places_so_many_orders_and_sees_each_of_them_end() {
    let (report, is_content) = bench(&["--orders", "60", "--concurrency", "4", "--followers", "2"]);
    assert!(is_content && report["isSound"] == true, "{report:#}");
    assert_eq!((&report["accepted"], &report["confirmed"]), (&60.into(), &60.into()));
    assert_eq!(report["acceptLatency"]["count"], 60);
    assert_eq!(report["incompleteStreams"], 0);
    assert!(report["followed"].as_u64().unwrap() > 0, "{report:#}");
    assert!(report["eventsSeen"].as_u64().unwrap() >= report["followed"].as_u64().unwrap() * 6);
}

#[test]
fn an_open_loop_keeps_its_rate() {
    let (report, is_content) = bench(&["--rate", "40", "--seconds", "2"]);
    assert!(is_content, "{report:#}");
    assert_eq!((&report["accepted"], &report["confirmed"]), (&80.into(), &80.into()));
}

#[test]
fn what_the_engine_refuses_as_overload_is_counted_and_no_failure() {
    let arguments = ["--orders", "400", "--concurrency", "8"];
    let (report, is_content) = bench_with(&arguments, &[("MAX_IN_FLIGHT_ORDERS", "10")]);
    assert!(is_content, "{report:#}");
    let (accepted, refused) = (report["accepted"].as_u64().unwrap(), report["overloaded"].as_u64().unwrap());
    assert_eq!(accepted + refused, 400);
    assert!(refused > 0 && report["confirmed"] == accepted, "{report:#}");
}

#[test]
fn an_engine_that_runs_is_loaded_only_if_that_is_meant() {
    let run = Command::new(env!("CARGO_BIN_EXE_engine"))
        .args(["bench", "--url", "http://127.0.0.1:1", "--seconds", "1"])
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(2), "{message}");
    assert!(message.contains("repeat it with --yes"), "{message}");
}

#[test]
fn neither_port_nor_folder_nor_preset_nor_balances_of_the_environment_are_used() {
    let settings = [
        ("PORT", "1"),
        ("DATA_DIR", "/nonexistent/orders"),
        ("SIM_PRESET", "brutal"),
        ("PAPER_BALANCES", "SOL=1"),
    ];
    let (report, is_content) = bench_with(&["--orders", "20"], &settings);
    assert!(is_content && report["confirmed"] == 20, "{report:#}");
}

#[test]
fn an_interrupted_bench_leaves_no_folder() {
    let temporary = tempfile::tempdir().unwrap();
    let mut bench = Command::new(env!("CARGO_BIN_EXE_engine"));
    bench.args(["bench", "--orders", "1000000"]).env("TMPDIR", temporary.path()).stderr(Stdio::piped());
    let mut bench = bench.spawn().unwrap();
    let mut lines = BufReader::new(bench.stderr.take().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.starts_with("measuring a temporary engine")).unwrap();
    assert_eq!(temporary.path().read_dir().unwrap().count(), 1);
    testkit::process::signal(bench.id(), "INT");
    assert_eq!(lines.last().unwrap(), "Interrupted before there was a result");
    assert_eq!(bench.wait().unwrap().code(), Some(130));
    assert_eq!(temporary.path().read_dir().unwrap().count(), 0);
}
