//! The arrows of the architecture: each crate depends only on those below it.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Each crate with the workspace crates it may depend on in what ships.
const ALLOWED: [(&str, &[&str]); 10] = [
    ("domain", &[]),
    ("batching", &[]),
    ("database", &[]),
    ("venues", &["domain", "batching", "database"]),
    ("infra", &["domain", "batching", "database"]),
    ("api", &["domain", "infra", "venues"]),
    ("worker", &["domain", "infra", "venues"]),
    ("engine", &["domain", "infra", "venues", "api", "worker"]),
    ("testkit", &["domain"]),
    ("reliability", &["domain", "infra", "venues", "api", "worker", "testkit"]),
];

/// What the domain must never know.
const FRAMEWORKS: [&str; 6] = ["tokio", "axum", "sqlx", "redis", "apalis", "apalis-redis"];

#[test]
fn dependencies_point_down_only() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let members: BTreeSet<String> =
        metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let known: BTreeSet<String> = ALLOWED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(members, known, "every crate of the workspace has its place in the table");
    for package in &metadata.packages {
        let (_, allowed) = ALLOWED.iter().find(|(name, _)| package.name == *name).unwrap();
        for dependency in package.dependencies.iter().filter(|it| it.kind == DependencyKind::Normal) {
            let is_member = members.contains(&dependency.name);
            let points_down = !is_member || allowed.contains(&dependency.name.as_str());
            assert!(points_down, "{} must not depend on {}", package.name, dependency.name);
            let leaks = package.name == "domain" && FRAMEWORKS.contains(&dependency.name.as_str());
            assert!(!leaks, "the domain must not know {}", dependency.name);
        }
    }
}
