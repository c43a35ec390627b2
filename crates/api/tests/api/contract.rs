//! What the API says about itself is what it is, what is in the repository, and what others rely on.

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use serde_json::Value;

use crate::support::App;

/// A file of the repository.
fn file(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

fn read(path: &str) -> Value {
    serde_json::from_slice(&fs::read(file(path)).unwrap()).unwrap()
}

async fn document() -> Value {
    App::start().await.read("/api/openapi.json").await
}

#[tokio::test]
async fn the_document_in_the_repository_is_current() {
    const SNAPSHOT: &str = "docs/openapi.json";
    let document = document().await;
    if env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(file(SNAPSHOT), format!("{document:#}\n")).unwrap();
    }
    let is_current = fs::read(file(SNAPSHOT))
        .is_ok_and(|text| serde_json::from_slice::<Value>(&text).is_ok_and(|snapshot| snapshot == document));
    assert!(
        is_current,
        "{SNAPSHOT} is not current; renew it: UPDATE_SNAPSHOTS=1 cargo test -p api --test api contract"
    );
}

#[tokio::test]
async fn every_route_is_documented_and_every_reference_leads_somewhere() {
    let document = document().await;
    let server = fs::read_to_string(file("crates/api/src/server.rs")).unwrap();
    let routes = server.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let routes: BTreeSet<_> = routes.chain(["/api/openapi.json"]).collect();
    let documented = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(routes, documented);

    let text = document.to_string();
    let references = text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap());
    let missing: BTreeSet<_> = references.filter(|place| document.pointer(place).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The codes of the problems that an operation documents.
fn codes(operation: &Value) -> BTreeSet<&str> {
    let responses = operation["responses"].as_object().into_iter().flat_map(|responses| responses.values());
    let examples = responses
        .filter_map(|response| response["content"]["application/problem+json"]["examples"].as_object());
    examples.flat_map(|examples| examples.keys().map(String::as_str)).collect()
}

#[tokio::test]
async fn every_problem_is_documented_where_it_can_occur() {
    /// Of any address, and of what leads to none.
    const EVERYWHERE: [&str; 5] =
        ["host_not_allowed", "method_not_allowed", "not_found", "origin_not_allowed", "too_many_connections"];
    let document = document().await;
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().values().map(move |operation| (path, codes(operation)))
    });
    let operations: Vec<_> = operations.collect();
    let documented: BTreeSet<_> = operations.iter().flat_map(|(_, codes)| codes).copied().collect();
    let all = document["components"]["schemas"]["ProblemCode"]["enum"].as_array().unwrap();
    let missing = all.iter().filter_map(Value::as_str).filter(|code| !documented.contains(code));
    assert_eq!(missing.collect::<BTreeSet<_>>(), EVERYWHERE.into());
    for (path, codes) in operations {
        // whoever reads stored orders may find one that only a later version can read
        let reads_none = path.starts_with("/api/market")
            || path == "/api/quotes"
            || (path.starts_with("/api/wallets") && !path.ends_with("/reset"));
        let reads_orders = codes.contains("store_unavailable") && !reads_none;
        assert_eq!(codes.contains("unreadable_order"), reads_orders, "{path}");
    }
}

/// The requests of a collection, in folders or not.
fn requests(item: &Value) -> Vec<&Value> {
    match item["item"].as_array() {
        Some(items) => items.iter().flat_map(requests).collect(),
        None => vec![item],
    }
}

/// The documented path that an address has.
fn path_of<'a>(document: &'a Value, url: &str) -> Option<&'a str> {
    let path = url.trim_start_matches("{{baseUrl}}").split('?').next().unwrap();
    let parts: Vec<_> = path.split('/').collect();
    let mut paths: Vec<_> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    paths.sort_by_key(|path| path.contains('{')); // a fixed path comes before one with a parameter
    paths.into_iter().find(|template| {
        let template: Vec<_> = template.split('/').collect();
        template.len() == parts.len()
            && template.iter().zip(&parts).all(|(one, part)| one.starts_with('{') || one == part)
    })
}

/// The statuses that a test of a request expects.
fn expected(request: &Value) -> BTreeSet<&str> {
    let events = request["event"].as_array().into_iter().flatten();
    let lines = events.filter_map(|event| event["script"]["exec"].as_array()).flatten();
    lines
        .filter_map(|line| line.as_str()?.split_once("to.have.status("))
        .map(|(_, rest)| rest.split(')').next().unwrap())
        .collect()
}

#[tokio::test]
async fn the_postman_collection_asks_for_what_is_documented() {
    let document = document().await;
    let collection = read("postman/order-execution-engine.postman_collection.json");
    for item in requests(&collection) {
        let name = &item["name"];
        let (method, url) =
            (item["request"]["method"].as_str().unwrap(), item["request"]["url"].as_str().unwrap());
        let expected = expected(item);
        assert!(!expected.is_empty(), "{name} expects no status");
        let Some(path) = path_of(&document, url) else {
            assert_eq!(expected, ["404"].into(), "{name}: {url} is not documented");
            continue;
        };
        let responses = &document["paths"][path][method.to_lowercase()]["responses"];
        if responses.is_null() {
            assert_eq!(expected, ["405"].into(), "{name}: {method} {path} is not documented");
        }
        for status in expected.iter().filter(|_| !responses.is_null()) {
            assert!(!responses[status].is_null(), "{name}: {method} {path} documents no {status}");
        }
    }
}

#[test]
fn the_postman_collection_works_alone_and_explains_every_request_with_an_example() {
    let collection = read("postman/order-execution-engine.postman_collection.json");
    let variables = collection["variable"].as_array().unwrap();
    assert!(variables.iter().any(|variable| variable["key"] == "baseUrl" && variable["value"] != ""));
    for folder in collection["item"].as_array().unwrap() {
        assert!(folder["description"].is_string(), "{} has no description", folder["name"]);
    }
    for item in requests(&collection) {
        let name = &item["name"];
        assert!(item["request"]["description"].is_string(), "{name} has no description");
        let examples = item["response"].as_array().into_iter().flatten();
        let shown: BTreeSet<_> = examples.map(|example| example["code"].to_string()).collect();
        let expected = expected(item);
        assert!(!shown.is_empty(), "{name} has no example");
        assert!(shown.iter().all(|code| expected.contains(&**code)), "{name}: {shown:?}, not {expected:?}");
    }
}
