//! The command line against an engine of its own, as a person and a program use it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "terminal/backup.rs"]
mod backup;
#[path = "terminal/cancel.rs"]
mod cancel;
#[path = "terminal/demo.rs"]
mod demo;
#[path = "terminal/earlier.rs"]
mod earlier;
#[path = "terminal/errors.rs"]
mod errors;
#[path = "terminal/find.rs"]
mod find;
#[path = "terminal/help.rs"]
mod help;
#[path = "terminal/later.rs"]
mod later;
#[path = "terminal/lists.rs"]
mod lists;
#[path = "terminal/proxies.rs"]
mod proxies;
#[path = "terminal/screen.rs"]
mod screen;
#[path = "terminal/support.rs"]
mod support;
#[path = "terminal/tls.rs"]
mod tls;
#[path = "terminal/trade.rs"]
mod trade;
#[path = "terminal/wallet.rs"]
mod wallet;

use serde_json::Value;
use support::{Engine, run};

/// A wallet that can pay for it all the same.
const RICH: [&str; 2] = ["--paper-balances", "SOL=9200000000,USDC=1000"];
/// An order that no pool is deep enough for.
const TOO_LARGE: [&str; 7] = ["submit", "--in", "SOL", "--out", "USDC", "--amount-in", "9000000000"];
const SMALL: [&str; 7] = ["submit", "--in", "SOL", "--out", "USDC", "--amount-in", "1"];

#[test]
fn an_order_is_submitted_listed_explained_and_watched() {
    let engine = Engine::start(&[]);
    let submitted = engine.ask(&SMALL);
    assert_eq!(submitted.status, 0, "{submitted:?}");
    let id = submitted.output.lines().next().unwrap().strip_prefix("order ").unwrap();
    assert!(submitted.output.lines().last().unwrap().contains("USDC for 1 SOL at"), "{submitted:?}");

    let listed = engine.ask(&["orders"]);
    assert_eq!(listed.status, 0);
    let row = listed.output.lines().find(|line| line.contains(id)).unwrap();
    assert!(row.contains("1 SOL -> USDC") && row.contains("confirmed"), "{row}");

    let explained = engine.ask(&["explain", id]);
    assert_eq!(explained.status, 0);
    for part in
        [id, "attempt 1, started at", "raydium", "meteora", "selected", "submitted", "confirmed", "quoted"]
    {
        assert!(explained.output.contains(part), "{part} is missing in {}", explained.output);
    }

    let watched = engine.ask(&["watch", id]);
    assert_eq!(watched.status, 0);
    assert_eq!(watched.output.lines().count(), submitted.output.lines().count() - 1);
}

#[test]
fn a_program_reads_json_everywhere() {
    let engine = Engine::start(&[]);
    let submitted = engine.ask_json(&SMALL);
    let kinds: Vec<&Value> = submitted.iter().map(|event| &event["data"]["kind"]).collect();
    assert_eq!(kinds, ["accepted", "routing_started", "routed", "building", "submitted", "confirmed"]);
    let id = submitted[0]["orderId"].as_str().unwrap();

    let [orders] = &engine.ask_json(&["orders"])[..] else { panic!("one array") };
    assert_eq!(orders[0]["id"], id);
    assert_eq!(orders.as_array().unwrap().len(), 1);
    let [explanation] = &engine.ask_json(&["explain", id])[..] else { panic!("one object") };
    assert_eq!(explanation["attempts"][0]["outcome"], "confirmed");
    let rest = engine.ask_json(&["watch", id, "--after", "4"]);
    assert_eq!(rest.iter().map(|event| event["seq"].as_u64().unwrap()).collect::<Vec<_>>(), [5, 6]);
}

#[test]
fn a_list_is_narrowed_by_status_and_size() {
    let engine = Engine::start(&RICH);
    for _ in 0..2 {
        assert_eq!(engine.ask(&SMALL).status, 0);
    }
    assert_eq!(engine.ask(&TOO_LARGE).status, 1);
    let count = |arguments: &[&str]| engine.ask_json(arguments)[0].as_array().unwrap().len();
    assert_eq!(count(&["orders", "--status", "confirmed"]), 2);
    assert_eq!(count(&["orders", "--status", "failed"]), 1);
    assert_eq!(count(&["orders", "--limit", "1"]), 1);
    assert_eq!(engine.ask(&["orders", "--status", "routing"]).output.trim(), "no orders");
}

#[test]
fn an_order_that_failed_ends_its_followers_with_1_and_its_readers_with_0() {
    let engine = Engine::start(&RICH);
    let submitted = engine.ask(&TOO_LARGE);
    assert_eq!(submitted.status, 1, "{submitted:?}");
    let id = submitted.output.lines().next().unwrap().strip_prefix("order ").unwrap();
    assert_eq!(engine.ask(&["watch", id]).status, 1);
    // nothing is left to show, and it has failed all the same
    assert_eq!(engine.ask(&["watch", id, "--after", "1000"]).status, 1);
    let explained = engine.ask(&["explain", id]);
    assert_eq!(explained.status, 0);
    assert!(explained.output.contains("no retry: it cannot succeed"), "{explained:?}");
}

#[test]
fn what_cannot_be_carried_out_ends_with_2_and_one_line_that_says_why() {
    let engine = Engine::start(&[]);
    let unknown = "00000000-0000-7000-8000-000000000000";
    let nobody = format!("http://127.0.0.1:{}", testkit::ports::free());
    let submitted = engine.ask(&SMALL);
    let confirmed = submitted.output.lines().next().unwrap().strip_prefix("order ").unwrap().to_owned();
    for (result, reason) in [
        (engine.ask(&["explain", unknown]), "no order"),
        (engine.ask(&["watch", unknown]), "no order"),
        (engine.ask(&["resume", unknown]), "no order"),
        (engine.ask(&["resume", &confirmed]), "not parked"),
        (engine.ask(&["submit", "--in", "SOL", "--out", "SOL", "--amount-in", "1"]), "refused"),
        (run(&["orders", "--url", &nobody]), "No engine at"),
        (run(&["watch", unknown, "--url", &nobody]), "No engine at"),
        (run(&["orders", "--url", "ftp://example.com"]), "must begin with http:// or https://"),
    ] {
        assert_eq!(result.status, 2, "{result:?}");
        assert!(result.complaint.contains(reason), "{reason}: {result:?}");
        assert_eq!((result.complaint.lines().count(), result.output.as_str()), (1, ""), "{result:?}");
    }
    assert_eq!(run(&["orders", "--status", "unknown"]).status, 2);
    assert_eq!(run(&["orders", "--limit", "0"]).status, 2);
    assert_eq!(run(&["orders", "--header", "X-Desk"]).status, 2);
}

#[test]
fn a_reader_that_leaves_early_is_no_reason_to_complain() {
    let engine = Engine::start(&[]);
    assert_eq!(engine.ask(&SMALL).status, 0);
    let mut listing = engine.command(&["orders"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let listed = listing.stdout(writer).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&listed.stderr), "PAPER · instant · seed 42\n");
}

/// The findings about one thing.
fn findings<'a>(diagnosis: &'a Value, check: &str) -> Vec<&'a Value> {
    diagnosis["checks"].as_array().unwrap().iter().filter(|finding| finding["check"] == check).collect()
}

#[test]
fn a_doctor_finds_an_engine_well() {
    let engine = Engine::start(&[]);
    let port = engine.url.rsplit(':').next().unwrap();
    let examined = engine.ask_json(&["doctor", "--port", port]);
    let [diagnosis] = &examined[..] else { panic!("one object") };
    for check in ["settings", "database", "redis", "port", "engine"] {
        let found = findings(diagnosis, check);
        assert!(found.len() == 1 && found[0]["status"] == "ok", "{check}: {diagnosis:#}");
    }
    assert!(findings(diagnosis, "port")[0]["found"].as_str().unwrap().contains("used by a running engine"));
    let shown = engine.ask(&["doctor", "--port", port]);
    assert_eq!(shown.status, 0, "{shown:?}");
    assert!(shown.output.contains("ok       engine"), "{shown:?}");
}

#[test]
fn a_doctor_finds_what_is_wrong_and_never_tells_a_password() {
    let nobody = testkit::ports::free();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let place = format!("127.0.0.1:{nobody}");
    let mut doctor = support::program(&["doctor", "--json", "--url", &format!("http://{place}")]);
    doctor
        .env("DATABASE_URL", format!("postgres://me:secret@{place}/orders"))
        .env("REDIS_URL", format!("redis://:secret@{place}"))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{place}"))
        .env("PORT", taken.local_addr().unwrap().port().to_string());
    let ran = support::Ran::from(doctor.output().unwrap());
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(!ran.output.contains("secret") && !ran.complaint.contains("secret"), "{ran:?}");
    let diagnosis: Value = serde_json::from_str(&ran.output).unwrap();
    assert_eq!(diagnosis["status"], "problem");
    for check in ["database", "redis", "port", "engine"] {
        let found = findings(&diagnosis, check);
        assert!(found.len() == 1 && found[0]["status"] == "problem", "{check}: {diagnosis:#}");
        assert!(found[0]["advice"].is_string(), "{check}: {diagnosis:#}");
    }
    assert_eq!(findings(&diagnosis, "traces")[0]["status"], "warning", "orders run without: {diagnosis:#}");
}

#[test]
fn a_doctor_names_a_setting_that_an_engine_would_refuse() {
    for (name, value, reason) in [
        ("WORKER_CONCURRENCY", "0", "WORKER_CONCURRENCY=0: must be a whole number from 1 to 4000"),
        ("SIM_PRESET", "wild", "instant"),
        ("DATABASE_URL", "mysql://me:secret@db/orders", "postgres://"),
        ("SIM_LANDING_MIN_MS", "100000", "SIM_LANDING_MAX_MS"),
        ("RUST_LOG", "engine=loud", "is not a filter"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let doctor = support::program(&["doctor", "--json"])
            .current_dir(folder.path())
            .env(name, value)
            .output()
            .unwrap();
        let ran = support::Ran::from(doctor);
        assert_eq!(ran.status, 1, "{ran:?}");
        assert!(!ran.output.contains("secret"), "{ran:?}");
        let diagnosis: Value = serde_json::from_str(&ran.output).unwrap();
        let found = findings(&diagnosis, "settings")[0]["found"].as_str().unwrap();
        assert!(found.contains(name) && found.contains(reason), "{found}");
    }
}

#[test]
fn a_doctor_sees_a_line_of_the_env_file_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "PORT=0\nAPI_TOKEN='secret\n").unwrap();
    let doctor = support::program(&["doctor"]).current_dir(folder.path()).output().unwrap();
    let ran = support::Ran::from(doctor);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(
        ran.output.contains("line 2 of .env cannot be read") && !ran.output.contains("secret"),
        "{ran:?}"
    );
}

#[test]
fn every_shell_is_completed() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let completions = run(&["completions", shell]);
        assert_eq!(completions.status, 0, "{shell}");
        for command in ["submit", "explain", "doctor"] {
            assert!(completions.output.contains(command), "{command} for {shell}");
        }
    }
    assert_eq!(run(&["completions", "command.com"]).status, 2);
}

#[test]
fn what_needs_a_terminal_says_so() {
    let engine = Engine::start(&[]);
    let ran = engine.ask(&["top"]);
    assert_eq!(ran.status, 2);
    assert!(ran.complaint.contains("needs a terminal"), "{ran:?}");
}
