//! Errors, each in one sentence.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

use testkit::tls::{Certificates, TlsProxy};

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
        &["wallet"],
        &["wallet", "deposit", "SOL=1"],
        &["top", "--once"],
        &["demo"],
        &[&["submit"], &trade[..]].concat(),
        &[&["quote"], &trade[..]].concat(),
    ] {
        let refused = run(&[command, &["--url", &nobody]].concat());
        let reason = format!("engine: No engine at {nobody}. Run engine to start one, or set --url.\n");
        assert_eq!((refused.status, refused.complaint), (2, reason), "{command:?}");
    }
    let unknown = run(&["orders", "--url", "http://no-such-host.invalid"]);
    assert!(
        unknown.complaint.starts_with("engine: No engine at http://no-such-host.invalid: "),
        "{unknown:?}"
    );
    assert_eq!(unknown.complaint.lines().count(), 1, "{unknown:?}");
}

/// A server that gives every request the same answer.
fn other_server(answer: &'static str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut client in listener.incoming().map(Result::unwrap) {
            let _ = client.read(&mut [0; 4_096]);
            let _ = client.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn another_server_is_no_engine() {
    let page = other_server("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi");
    let nothing = other_server("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    for (url, status) in [(page, "200 OK"), (nothing, "404 Not Found")] {
        let reason = format!("engine: No engine at {url}: another server answers there ({status})\n");
        for command in [
            &["orders"][..],
            &["orders", "--csv"],
            &["resume", "beef"],
            &["cancel", "--all"],
            &["top", "--once"],
            &["demo"],
            &["submit", "--in", "SOL", "--out", "USDC", "--amount-in", "1"],
        ] {
            let refused = run(&[command, &["--url", &url]].concat());
            assert_eq!((refused.status, &refused.complaint), (2, &reason), "{command:?}");
        }
        let found = run(&["doctor", "--port", "0", "--url", &url]).output;
        assert!(found.contains(reason.trim_start_matches("engine: ").trim_end()), "{found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wrong_scheme_is_named() {
    let (engine, certificates) = (Engine::start(&[]), Certificates::new());
    let port = engine.url.rsplit(':').next().unwrap();
    let secure = TlsProxy::start(port.parse().unwrap(), &certificates).await.port();
    for (url, cause) in [
        (format!("https://127.0.0.1:{port}"), "what answers there does not speak TLS; try http://"),
        (format!("http://127.0.0.1:{secure}"), "what answers there does not speak HTTP; try https://"),
        (
            format!("https://localhost:{secure}"),
            "its certificate is not trusted (UnknownIssuer); see SSL_CERT_FILE",
        ),
    ] {
        let refused = run(&["orders", "--url", &url]);
        assert_eq!(
            (refused.status, refused.complaint),
            (2, format!("engine: No engine at {url}: {cause}\n"))
        );
    }
}

#[test]
fn what_an_engine_refuses_is_named_by_its_flag() {
    let engine = Engine::start(&[]);
    let trade = ["--in", "SOL", "--out", "USDC"];
    for (arguments, reason) in [
        ([&["submit"], &trade[..], &["--amount-in", "1,5"]].concat(), "--amount-in is not a decimal number"),
        ([&["quote"], &trade[..], &["--amount-out", "0"]].concat(), "--amount-out must be greater than zero"),
        (
            vec!["quote", "--in", "SOL", "--out", "SOL", "--amount-in", "1"],
            "--out must differ from the token spent",
        ),
        (vec!["orders", "--token-in", "DOGE"], "--token-in names an unknown token: DOGE"),
        (vec!["cancel", "--pair", "SOL"], "--pair must be two tokens, such as SOL/USDC"),
    ] {
        let refused = engine.ask(&arguments);
        let reason = format!("engine: refused (400 Bad Request): {reason}\n");
        assert_eq!((refused.status, refused.complaint), (2, reason));
    }
}

#[test]
fn a_number_below_zero_is_refused_as_a_value() {
    for (arguments, reason) in [
        (
            &["submit", "--in", "SOL", "--out", "USDC", "--amount-in", "1", "--expires-in", "-5"][..],
            "--expires-in -5",
        ),
        (
            &["quote", "--in", "SOL", "--out", "USDC", "--amount-in", "1", "--slippage-bps", "-5"],
            "--slippage-bps -5",
        ),
        (&["orders", "--limit", "-1"], "--limit -1"),
        (&["watch", "beef", "--after", "-1"], "--after -1"),
        (&["bench", "--seconds", "-1"], "--seconds -1"),
        (&["serve", "--port", "-1"], "--port -1"),
    ] {
        let refused = run(arguments);
        assert!(
            refused.complaint.starts_with(&format!("engine: {reason}: must be a whole number")),
            "{refused:?}"
        );
        assert_eq!((refused.status, refused.complaint.lines().count()), (2, 1), "{refused:?}");
    }
}

#[test]
fn a_trade_without_an_amount_is_told_of_both() {
    for command in ["submit", "quote"] {
        let refused = run(&[command, "--in", "SOL", "--out", "USDC"]);
        let missing = "  <--amount-in <AMOUNT>|--amount-out <AMOUNT>>\n";
        assert!(refused.status == 2 && refused.complaint.contains(missing), "{refused:?}");
        let both = run(&[command, "--in", "SOL", "--out", "USDC", "--amount-in", "1", "--amount-out", "1"]);
        assert!(both.status == 2 && both.complaint.contains("cannot be used with"), "{both:?}");
    }
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
