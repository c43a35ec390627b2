//! What programs make of `.env`, the environment and flags.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

/// Every program that reads settings.
fn programs() -> [&'static str; 1] {
    [env!("CARGO_BIN_EXE_engine")]
}

/// Runs `engine` with arguments in a folder, with nothing in its environment but what is given.
fn run(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(programs()[0])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_line_of_dotenv_that_cannot_be_read_stops_the_start_and_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join(".env"),
        "PORT=0\nNICE_NAME=My s3cret\nDATABASE_URL=postgres://x@127.0.0.1:1/o\n",
    )
    .unwrap();
    for arguments in [&[][..], &["serve"], &["doctor"], &["orders"]] {
        let said = complaint(&run(folder.path(), arguments, &[]));
        assert!(said.contains("line 2 of .env") && !said.contains("s3cret"), "{arguments:?}: {said}");
    }
    let nested = folder.path().join("nested");
    fs::create_dir(&nested).unwrap();
    let said = complaint(&run(&nested, &["orders", "--url", "http://127.0.0.1:1"], &[]));
    assert!(!said.contains(".env"), "only the working directory's file is read: {said}");
}

#[test]
fn an_error_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("DATABASE_URL", "postgresql+asyncpg://u:s3cret@h/x"),
        ("DATABASE_URL", "postgres://u:s3cret#s3cret@h/x"),
        ("REDIS_URL", "http://:s3cret@h"),
    ] {
        for arguments in [&["--port", "0"][..], &["serve", "--port", "0"], &["doctor"]] {
            let said =
                complaint(&run(folder.path(), arguments, &[(name, value), ("STARTUP_TIMEOUT_MS", "0")]));
            assert!(said.contains(name) && !said.contains("s3cret"), "{arguments:?} {name}: {said}");
        }
    }
    let secret = folder.path().join("url");
    fs::write(&secret, "mysql://u:s3cret@h/x\n").unwrap();
    let file = secret.to_str().unwrap();
    let said = complaint(&run(folder.path(), &["serve"], &[("DATABASE_URL_FILE", file)]));
    assert!(said.contains("DATABASE_URL") && !said.contains("s3cret"), "{said}");
    let both = [("DATABASE_URL_FILE", file), ("DATABASE_URL", "postgres://h/x")];
    let said = complaint(&run(folder.path(), &["serve"], &both));
    assert!(said.contains("DATABASE_URL and DATABASE_URL_FILE are both set"), "{said}");
    let said = complaint(&run(folder.path(), &["serve"], &[("REDIS_URL_FILE", "missing")]));
    assert!(said.contains("REDIS_URL_FILE: missing cannot be read"), "{said}");
}

/// What the environment of a shell holds by chance: conda's HOST, an empty URL, a port of another program.
#[test]
fn client_commands_ignore_what_only_a_server_reads() {
    let folder = tempfile::tempdir().unwrap();
    let environment = [
        ("HOST", "x86_64-conda-linux-gnu"),
        ("DATABASE_URL", ""),
        ("REDIS_URL", "nonsense"),
        ("WORKER_CONCURRENCY", "many"),
    ];
    let here = ["--url", "http://127.0.0.1:1"];
    for command in [&["orders"][..], &["explain", "01930000-0000-7000-8000-000000000001"]] {
        let arguments = &[command, &here[..]].concat();
        let said = complaint(&run(folder.path(), arguments, &environment));
        assert!(said.contains("127.0.0.1:1") && !said.contains("HOST"), "{said}");
    }
    let said = complaint(&run(folder.path(), &["orders"], &[("PORT", "1")]));
    assert!(said.contains("127.0.0.1:1"), "they follow the same PORT: {said}");
    let said = complaint(&run(folder.path(), &["serve"], &[("HOST", "no-such-host.invalid"), ("PORT", "")]));
    assert!(said.contains("no-such-host.invalid:3000") && said.contains("HOST"), "{said}");
}

#[test]
fn loopback_is_not_asked_through_a_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let environment = [("HTTP_PROXY", &*address), ("http_proxy", &*address), ("ALL_PROXY", &*address)];
    complaint(&run(folder.path(), &["orders", "--url", "http://localhost:1"], &environment));
    assert!(proxy.accept().is_err(), "the proxy was not asked");
}

#[test]
fn a_wrong_value_is_one_line_that_says_what_is_expected() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), "RETRY_BASE_MS=soon\n").unwrap();
    for (arguments, environment, expected) in [
        (
            &["serve"][..],
            &[("MAX_ATTEMPTS", "abc")][..],
            "MAX_ATTEMPTS=abc: must be a whole number from 1 to 10",
        ),
        (&["--lease-ms", "1"], &[], "--lease-ms 1: must be a whole number from 300 to 600000"),
        (
            &["--sim-preset", "wild"],
            &[],
            "--sim-preset wild: must be one of realistic, congested, brutal, ideal",
        ),
        (
            &["serve", "--lease-ms", "1000"],
            &[],
            "RETRY_BASE_MS=soon: must be a whole number from 1 to 600000",
        ),
        (
            &["bench"],
            &[("MAX_ATTEMPTS", "abc"), ("RETRY_BASE_MS", "1")],
            "MAX_ATTEMPTS=abc: must be a whole number",
        ),
        (&["orders", "--limit", "0"], &[], "--limit 0: must be a whole number from 1 to 200"),
    ] {
        let refused = run(folder.path(), arguments, environment);
        assert_eq!(refused.status.code(), Some(2));
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.starts_with(&format!("engine: {expected}")) && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn paper_balances_that_cannot_be_deposited_stop_the_start() {
    let folder = tempfile::tempdir().unwrap();
    for (balances, part, reason) in [
        ("SOL", "SOL", "must be a token and an amount, such as SOL=1000"),
        ("SOL=1,USDC=0", "USDC=0", "the amount must be greater than zero"),
        ("SOL=1x", "SOL=1x", "the amount is not a decimal number"),
        ("SOL=1,FOO=1", "FOO=1", "FOO is an unknown token"),
        ("SOL=1,sol=2", "sol=2", "SOL is given twice"),
        ("SOL=9223372037", "SOL=9223372037", "the amount must not exceed 9223372036.854775807"),
    ] {
        let expected = format!("PAPER_BALANCES={part}: {reason}");
        for arguments in [&["--port", "0"][..], &["doctor", "--port", "0"]] {
            let said = complaint(&run(folder.path(), arguments, &[("PAPER_BALANCES", balances)]));
            let said = said.split_whitespace().collect::<Vec<_>>().join(" "); // a doctor wraps its lines
            assert!(said.contains(&expected), "{arguments:?} {expected}: {said}");
        }
    }
}

#[test]
fn misspelled_names_are_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), "WORKER_CONCURENCY=5\nUNHEARD_OF=1\nMAX_OPEN_ORDERS=9\n").unwrap();
    let found = run(folder.path(), &["doctor"], &[("DATABSE_URL", "postgres://h/x"), ("PATH", "/bin")]);
    let said = String::from_utf8_lossy(&found.stdout).replace('\n', " ");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        "WORKER_CONCURENCY is not a setting; did you mean WORKER_CONCURRENCY?",
        "UNHEARD_OF is not a setting",
        "MAX_OPEN_ORDERS is called MAX_IN_FLIGHT_ORDERS now",
        "DATABSE_URL, which is not a setting; did you mean DATABASE_URL?",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}
