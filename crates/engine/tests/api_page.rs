//! The page about the API names every call.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use serde_json::Value;

/// Whether a text has a path, and not only as the beginning of a longer one.
fn names(text: &str, path: &str) -> bool {
    let goes_on = |rest: &str| rest.starts_with(|next: char| next == '/' || next.is_alphanumeric());
    text.split(path).skip(1).any(|rest| !goes_on(rest))
}

#[test]
fn every_call_is_in_the_table_of_calls() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let page = fs::read_to_string(docs.join("API.md")).unwrap();
    let table = page.split("\n## ").next().unwrap();
    let document: Value = serde_json::from_slice(&fs::read(docs.join("openapi.json")).unwrap()).unwrap();
    let of_earlier_systems = |call: &Value| call["tags"][0] == "earlier systems";
    let calls = document["paths"].as_object().unwrap().iter();
    let calls = calls.filter(|(_, methods)| !methods.as_object().unwrap().values().all(of_earlier_systems));
    let shortened = |path: &str| format!("…/{}", path.rsplit('/').next().unwrap());
    let missing: Vec<_> = calls
        .map(|(path, _)| path)
        .filter(|path| !names(table, path) && !names(table, &shortened(path)))
        .collect();
    assert!(missing.is_empty(), "not in the table of docs/API.md: {missing:?}");
}
