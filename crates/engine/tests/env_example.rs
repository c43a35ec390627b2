//! `.env.example` documents every setting, and nothing else.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The names after every `env = "` in the sources.
fn settings_in(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            settings_in(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let found = source.split("env = \"").skip(1).filter_map(|rest| rest.split('"').next());
            names.extend(found.map(str::to_owned));
        }
    }
}

#[test]
fn every_setting_is_documented_and_every_documented_setting_exists() {
    let mut in_code = BTreeSet::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        settings_in(&entry.unwrap().path().join("src"), &mut in_code);
    }
    assert!(in_code.contains("DATABASE_URL"), "the scan finds settings");
    let example = fs::read_to_string(root().join(".env.example")).unwrap();
    let documented: BTreeSet<String> = example
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .map(|(name, _)| name.to_owned())
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
        .collect();
    assert_eq!(documented, in_code);
}

/// The lines of the example with those that are commented out, less the two that need servers.
fn all_values() -> String {
    let example = fs::read_to_string(root().join(".env.example")).unwrap();
    let uncommented = example.lines().map(|line| line.strip_prefix('#').unwrap_or(line));
    let values = uncommented.filter(|line| {
        line.split_once('=').is_some_and(|(name, _)| {
            name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
                && !["DATABASE_URL", "REDIS_URL", "PORT", "DATA_DIR"].contains(&name)
        })
    });
    values.collect::<Vec<_>>().join("\n")
}

#[test]
fn it_loads_and_its_values_start_an_engine() {
    let mut documented = dotenvy::from_path_iter(root().join(".env.example")).unwrap();
    assert!(documented.all(|line| line.is_ok()), "every line can be read");
    // The engine reads `.env` of its folder, as a user's engine would.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), all_values()).unwrap();
    let mut engine = Command::new(env!("CARGO_BIN_EXE_engine"))
        .current_dir(folder.path())
        .args(["--port", "0", "--data-dir", "data"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(engine.stdout.take().unwrap()).read_line(&mut said).unwrap();
    engine.kill().unwrap();
    engine.wait().unwrap();
    assert!(said.starts_with("The engine listens at http://127.0.0.1:"), "{said}");
}

#[test]
fn a_wrong_value_stops_the_start_with_its_name() {
    for (name, value) in [("WORKER_CONCURRENCY", "0"), ("SIM_PRESET", "wild"), ("DATABASE_URL", "mysql://x")]
    {
        let start = Command::new(env!("CARGO_BIN_EXE_engine")).env(name, value).output().unwrap();
        let said = String::from_utf8_lossy(&start.stderr).to_lowercase().replace('_', "-");
        assert!(!start.status.success());
        assert!(said.contains(&name.to_lowercase().replace('_', "-")), "{name}: {said}");
    }
}
