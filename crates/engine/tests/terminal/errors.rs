//! Errors, each in one sentence.

use crate::support::{Engine, program, run};

#[test]
fn a_missing_engine_is_reported_in_one_sentence() {
    let nobody = format!("http://127.0.0.1:{}", testkit::ports::free());
    let id = "00000000-0000-7000-8000-000000000000";
    let trade = ["--in", "SOL", "--out", "USDC", "--amount-in", "1"];
    for command in [
        &["orders"][..],
        &["tokens"],
        &["watch", id],
        &["explain", id],
        &["events", id],
        &["explain", "beef"],
        &["cancel", "--all"],
        &["top", "--once"],
        &["demo"],
        &[&["submit"], &trade[..]].concat(),
        &[&["quote"], &trade[..]].concat(),
    ] {
        let refused = run(&[command, &["--url", &nobody]].concat());
        let reason = format!("engine: No engine at {nobody}. Start one with `engine`, or set --url.\n");
        assert_eq!((refused.status, refused.complaint), (2, reason), "{command:?}");
    }
    let unknown = run(&["orders", "--url", "http://no-such-host.invalid"]);
    assert!(
        unknown.complaint.starts_with("engine: No engine at http://no-such-host.invalid: "),
        "{unknown:?}"
    );
    assert_eq!(unknown.complaint.lines().count(), 1, "{unknown:?}");
}

#[test]
fn a_bench_of_no_orders_is_refused() {
    let refused = run(&["bench", "--orders", "0"]);
    assert_eq!(
        (refused.status, &*refused.complaint),
        (2, "engine: --orders 0: must be a whole number, at least 1\n")
    );
}

#[test]
fn a_machine_on_which_no_engine_runs_has_no_problem() {
    let folder = tempfile::tempdir().unwrap();
    let port = testkit::ports::free().to_string();
    let doctor = |arguments: &[&str]| {
        program(&[&["doctor"], arguments].concat())
            .current_dir(folder.path())
            .env("PORT", &port)
            .output()
            .unwrap()
    };
    let shown = doctor(&[]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.status.success() && text.contains("hint     engine"), "{text}");
    assert!(text.trim_end().ends_with("No problems"), "{text}");
    let named = doctor(&["--url", "http://127.0.0.1:1"]);
    let text = String::from_utf8(named.stdout).unwrap();
    assert!(!named.status.success() && text.trim_end().ends_with("1 problem"), "{text}");
}

#[test]
fn a_container_asks_the_running_engine_whether_it_is_ready() {
    let engine = Engine::start(&[]);
    let port = engine.url.rsplit(':').next().unwrap().to_owned();
    assert_eq!(run(&["serve", "--check", "--port", &port]).status, 0);
    drop(engine);
    let gone = run(&["serve", "--check", "--port", &port]);
    assert_ne!(gone.status, 0, "{gone:?}");
}
