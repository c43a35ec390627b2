//! Orders that are named by the end of their ids.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue},
    routing::get,
};
use serde_json::{Value, json};

use crate::{
    SMALL,
    support::{Engine, Ran, id_of, program},
};

#[test]
fn the_end_of_an_id_names_its_order() {
    let engine = Engine::start(&[]);
    let id = id_of(&engine.ask(&SMALL));
    let end = &id[28..];
    for command in ["explain", "events", "watch"] {
        let ran = engine.ask(&[command, end, "--json"]);
        assert!(ran.status == 0 && ran.output.contains(&id), "{command}: {ran:?}");
    }
    let canceled = engine.ask(&["cancel", &end.to_uppercase()]);
    assert!(canceled.output.starts_with(&format!("{id}  has already ended")), "{canceled:?}");
    for (text, reason) in [
        ("abc", "abc is not an order id, nor the end of one: give at least its last four digits"),
        ("somewhere", "somewhere is not an order id, nor the end of one: give at least its last four digits"),
        ("ffffffffffff", "No order ends in ffffffffffff"),
    ] {
        for command in ["watch", "explain", "events", "resume", "cancel"] {
            let refused = engine.ask(&[command, text]);
            assert_eq!((refused.status, refused.complaint), (2, format!("engine: {reason}\n")), "{command}");
        }
    }
}

/// The cursors that were asked for.
type Asked = Arc<Mutex<Vec<Option<String>>>>;

/// An engine whose search finds an order on each of two pages, the second of which it places on another host.
async fn two_pages(
    State(asked): State<Asked>,
    Query(query): Query<Vec<(String, String)>>,
) -> (HeaderMap, Json<Value>) {
    let cursor = query.into_iter().find(|(name, _)| name == "cursor").map(|(_, value)| value);
    asked.lock().unwrap().push(cursor.clone());
    let mut headers = HeaderMap::new();
    let number = if cursor.is_some() { 2 } else { 1 };
    if cursor.is_none() {
        let link = "<http://elsewhere.invalid/api/orders?cursor=7&q=beef>; rel=\"next\"";
        headers.insert("link", HeaderValue::from_static(link));
    }
    (headers, Json(json!([{ "orderId": format!("00000000-0000-7000-8000-0000000{number}beef") }])))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ambiguous_end_of_an_id_is_rejected() {
    let asked = Asked::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/api/orders", get(two_pages)).with_state(asked.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let run =
        move |arguments: &[&str]| Ran::from(program(arguments).env("ENGINE_URL", &url).output().unwrap());
    run(&["explain", "0001beef"]);
    assert_eq!(*asked.lock().unwrap(), [None], "eight digits that are found are enough");
    asked.lock().unwrap().clear();
    let refused = run(&["explain", "beef"]);
    let [first, second] = [1, 2].map(|number| format!("00000000-0000-7000-8000-0000000{number}beef"));
    let reason = format!("engine: Several orders end in beef: {first}, {second}\n");
    assert_eq!((refused.status, refused.complaint), (2, reason));
    assert_eq!(
        *asked.lock().unwrap(),
        [None, Some("7".to_owned())],
        "pages are asked for at the given address"
    );
}
