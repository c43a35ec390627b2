//! `engine bench` over an engine of its own, as a newcomer would run it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use serde_json::Value;

/// The report of a run with these arguments, and whether the program was content.
fn bench(arguments: &[&str]) -> (Value, bool) {
    let folder = tempfile::tempdir().unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_engine"))
        .arg("bench")
        .args(arguments)
        .args(["--json", "--sim-preset", "instant", "--rust-log", "warn"])
        .args(["--port", &testkit::ports::free().to_string(), "--data-dir"])
        .arg(folder.path())
        .output()
        .unwrap();
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
    let arguments = ["--orders", "400", "--concurrency", "8", "--max-in-flight-orders", "10"];
    let (report, is_content) = bench(&arguments);
    assert!(is_content, "{report:#}");
    let (accepted, refused) = (report["accepted"].as_u64().unwrap(), report["overloaded"].as_u64().unwrap());
    assert_eq!(accepted + refused, 400);
    assert!(refused > 0 && report["confirmed"] == accepted, "{report:#}");
}
