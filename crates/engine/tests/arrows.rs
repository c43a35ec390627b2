//! The arrows of the architecture: each crate depends only on those below it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

/// Each crate with the workspace crates it may depend on in what ships.
const ALLOWED: [(&str, &[&str]); 14] = [
    ("domain", &[]),
    ("protocol", &["domain"]),
    ("batching", &[]),
    ("database", &[]),
    ("process", &[]),
    ("telemetry", &["domain"]),
    ("quoting", &["domain", "telemetry"]),
    ("venues", &["domain", "batching", "database"]),
    ("infra", &["domain", "batching", "database", "telemetry"]),
    ("api", &["domain", "protocol", "telemetry", "process", "quoting", "infra", "venues"]),
    ("worker", &["domain", "telemetry", "process", "quoting", "infra", "venues"]),
    ("engine", &["domain", "protocol", "telemetry", "process", "infra", "venues", "api", "worker"]),
    ("testkit", &["domain"]),
    ("reliability", &["domain", "protocol", "process", "infra", "venues", "api", "worker", "testkit"]),
];

/// What the domain must never know.
const FRAMEWORKS: [&str; 6] = ["tokio", "axum", "sqlx", "redis", "apalis", "apalis-redis"];

/// What `cargo metadata` says of the crates of the workspace.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `None`: it ships; else `dev` or `build`.
    kind: Option<String>,
}

fn cargo(arguments: &[&str]) -> String {
    let ran = Command::new(env!("CARGO")).args(arguments).arg("--locked").output();
    let ran = ran.expect("cargo runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).expect("cargo writes UTF-8")
}

#[test]
fn dependencies_point_down_only() {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version=1"]);
    let Metadata { packages } = serde_json::from_str(&metadata).unwrap();
    let members: BTreeSet<&str> = packages.iter().map(|package| &*package.name).collect();
    let known: BTreeSet<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    assert_eq!(members, known, "every crate of the workspace has its place in the table");
    for package in &packages {
        let (_, allowed) = ALLOWED.iter().find(|(name, _)| package.name == *name).unwrap();
        for dependency in package.dependencies.iter().filter(|dependency| dependency.kind.is_none()) {
            let is_member = members.contains(&*dependency.name);
            let points_down = !is_member || allowed.contains(&&*dependency.name);
            assert!(points_down, "{} must not depend on {}", package.name, dependency.name);
            let leaks = package.name == "domain" && FRAMEWORKS.contains(&&*dependency.name);
            assert!(!leaks, "the domain must not know {}", dependency.name);
        }
    }
}

/// The libraries of the services know ports and no adapters: only `main` chooses those.
#[test]
fn services_know_no_adapters() {
    for service in ["api", "worker"] {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(service).join("src");
        for file in rust_files(&sources) {
            let is_main = file.ends_with("main.rs");
            let is_test =
                file.components().any(|part| part.as_os_str().to_string_lossy().starts_with("tests"));
            let text = fs::read_to_string(&file).unwrap();
            // `venues::list` is a route of the API
            let used =
                ["infra::", "use venues::", "venues::connect"].into_iter().find(|path| text.contains(path));
            assert!(is_main || is_test || used.is_none(), "{} uses {used:?}", file.display());
        }
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// The features of every dependency in a selection of packages.
fn features(selection: &[&str]) -> BTreeMap<String, String> {
    let tree = ["tree", "--prefix=none", "--format={p}|{f}"];
    let tree = cargo(&[&tree, selection].concat());
    let lines = tree.lines().filter_map(|line| line.trim_end_matches(" (*)").split_once('|'));
    lines.map(|(package, features)| (package.to_owned(), features.to_owned())).collect()
}

/// Cargo compiles a dependency again for every set of features, so `cargo run`, `cargo build --workspace` and
/// `cargo test --workspace` must agree on them.
#[test]
fn every_dependency_is_compiled_once() {
    let run = features(&["--package=engine", "--edges=normal,build"]);
    let build = features(&["--workspace", "--edges=normal,build"]);
    let test = features(&["--workspace", "--edges=normal,build,dev"]);
    assert!(run.len() > 100 && run.keys().all(|package| test.contains_key(package)));
    for (package, features) in &test {
        for other in [&run, &build] {
            let other = other.get(package).unwrap_or(features);
            assert_eq!(other, features, "{package} has other features in the tests than in what ships");
        }
    }
}
