//! `/api/stream`: many orders on one connection.

use std::{collections::HashSet, time::Duration};

use domain::{OrderId, ports::OrderIntake};
use serde_json::{Value, json};
use testkit::{eventually, samples};

use crate::support::{App, EventSource, Socket, problem};

const PATH: &str = "/api/stream";

/// A connected client, and the cursor it was greeted with.
async fn connect(app: &App) -> (Socket, String) {
    let mut socket = app.socket(PATH).await;
    let hello = socket.next().await;
    assert_eq!((&hello["type"], &hello["heartbeatMs"]), (&json!("connected"), &json!(15_000)));
    (socket, text(&hello["cursor"]))
}

async fn subscribed(app: &App, request: &Value) -> Socket {
    let (mut socket, _) = connect(app).await;
    ask(&mut socket, request).await;
    socket
}

/// Asks for something that is granted.
async fn ask(socket: &mut Socket, request: &Value) {
    socket.send(request).await;
    let answer = socket.next().await;
    assert_eq!(answer["type"], format!("{}d", request["op"].as_str().unwrap()), "{answer}");
    assert_eq!(answer["orders"], request["orders"]);
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The next events, without what a listed event does not have.
async fn events(socket: &mut Socket, count: usize) -> Vec<Value> {
    let mut events = Vec::new();
    while events.len() < count {
        let message = socket.next().await;
        if message["type"] == "event" {
            events.push(message);
        }
    }
    events
}

/// As they are listed, without their cursors.
fn listed(events: &[Value]) -> Vec<Value> {
    events
        .iter()
        .map(|event| {
            let mut event = event.clone();
            let fields = event.as_object_mut().unwrap();
            fields.remove("type");
            assert!(fields.remove("cursor").is_some());
            event
        })
        .collect()
}

/// Those of one order.
fn of(id: OrderId, events: &[Value]) -> Vec<Value> {
    events.iter().filter(|event| event["orderId"] == id.to_string()).cloned().collect()
}

/// Two orders that run to their end, one event of one after one of the other.
async fn run_two(app: &App) -> [OrderId; 2] {
    let ids = [app.placed().await, app.placed().await];
    let (mut one, mut two) = (app.execution(ids[0]).await, app.execution(ids[1]).await);
    tokio::join!(one.run(), two.run());
    ids
}

/// Events of an order that runs as `Execution::run` makes it.
const EVENTS: usize = 11;

#[tokio::test]
async fn all_orders_are_told_live_each_event_once_and_in_order() {
    let app = App::start().await;
    app.placed().await; // before the subscription: not sent
    let mut socket = subscribed(&app, &json!({"op": "subscribe", "orders": "*"})).await;
    let ids = run_two(&app).await;
    let seen = listed(&events(&mut socket, 2 * EVENTS).await);
    for id in ids {
        assert_eq!(of(id, &seen), app.listed_events(id).await);
    }
}

#[tokio::test]
async fn a_client_that_was_away_goes_on_after_any_event_or_heartbeat() {
    let app = App::start_with(|limits| limits.heartbeat_every = Duration::from_millis(5)).await;
    let mut first = app.socket(PATH).await;
    let start = text(&first.next().await["cursor"]);
    first.send(json!({"op": "subscribe", "orders": "*"})).await;
    let ids = run_two(&app).await;
    let mut all = Vec::new();
    let mut resumes = vec![(start, 0)];
    while all.len() < 2 * EVENTS {
        let message = first.next().await;
        match message["type"].as_str().unwrap() {
            "event" => {
                resumes.push((text(&message["cursor"]), all.len() + 1));
                all.push(message);
            }
            "heartbeat" => {
                assert!(message["at"].is_string());
                resumes.push((text(&message["cursor"]), all.len()));
            }
            other => assert_eq!(other, "subscribed"),
        }
    }
    for id in ids {
        assert_eq!(of(id, &listed(&all)), app.listed_events(id).await);
    }
    first.close().await;
    for (cursor, seen) in resumes {
        let mut again = app.socket(PATH).await;
        again.next().await;
        again.send(json!({"op": "subscribe", "orders": "*", "cursor": cursor})).await;
        assert_eq!(events(&mut again, all.len() - seen).await, all[seen..], "after {cursor}");
    }
}

#[tokio::test]
async fn named_orders_are_told_from_where_each_client_is_and_no_others() {
    let app = App::start().await;
    let [one, two] = [app.placed().await, app.placed().await];
    let mut execution = app.execution(one).await;
    execution.submit().await;
    let after = json!({one.to_string(): 3});
    let orders = json!([one.to_string(), two.to_string()]);
    let mut socket = subscribed(&app, &json!({"op": "subscribe", "orders": orders, "after": after})).await;
    let mut both_after_one =
        subscribed(&app, &json!({"op": "subscribe", "orders": orders, "after": 1})).await;
    run_two(&app).await; // of no concern
    execution.confirm().await;
    app.execution(two).await.run().await;
    let (expected_one, expected_two) = (app.listed_events(one).await, app.listed_events(two).await);

    let seen = listed(&events(&mut socket, expected_one.len() - 3 + EVENTS).await);
    assert_eq!(of(one, &seen), expected_one[3..]);
    assert_eq!(of(two, &seen), expected_two);
    let seen = listed(&events(&mut both_after_one, expected_one.len() + EVENTS - 2).await);
    assert_eq!(of(one, &seen), expected_one[1..]);
    assert_eq!(of(two, &seen), expected_two[1..]);
}

#[tokio::test]
async fn orders_come_and_go_on_one_connection() {
    let app = App::start().await;
    let done = app.placed().await;
    app.execution(done).await.run().await;
    let mut socket = subscribed(&app, &json!({"op": "subscribe", "orders": [done.to_string()]})).await;
    assert_eq!(listed(&events(&mut socket, EVENTS).await), app.listed_events(done).await);

    let left = app.placed().await;
    let mut execution = app.execution(left).await;
    ask(&mut socket, &json!({"op": "subscribe", "orders": [left.to_string()]})).await;
    execution.submit().await;
    let seen = listed(&events(&mut socket, 5).await);
    assert_eq!(seen, app.listed_events(left).await);
    ask(&mut socket, &json!({"op": "unsubscribe", "orders": [left.to_string()]})).await;
    execution.confirm().await;

    ask(&mut socket, &json!({"op": "subscribe", "orders": "*"})).await;
    let [one, _] = run_two(&app).await;
    let seen = listed(&events(&mut socket, 2 * EVENTS).await);
    assert_eq!(of(left, &seen), Vec::<Value>::new());
    assert_eq!(of(one, &seen), app.listed_events(one).await);
    ask(&mut socket, &json!({"op": "unsubscribe", "orders": "*"})).await;
    app.placed().await;
    // an answer to a later request is the next thing that is said
    ask(&mut socket, &json!({"op": "unsubscribe", "orders": "*"})).await;
}

#[tokio::test]
async fn a_request_that_is_refused_says_why_and_the_connection_stays() {
    let app = App::start_with(|limits| limits.max_stream_orders = 2).await;
    let (mut socket, cursor) = connect(&app).await;
    let unknown = samples::order_id().to_string();
    let (ahead, many) =
        (cursor.replacen('0', "f", 1), [app.placed().await, app.placed().await, app.placed().await]);
    let many: Vec<_> = many.iter().map(ToString::to_string).collect();
    for (request, code) in [
        (json!("hello"), "malformed_json"),
        (json!({"op": "follow", "orders": "*", "id": 7}), "invalid_request"),
        (json!({"op": "subscribe", "orders": [unknown], "id": 7}), "order_not_found"),
        (json!({"op": "subscribe", "orders": "*", "cursor": "nonsense", "id": 7}), "invalid_request"),
        (json!({"op": "subscribe", "orders": "*", "cursor": ahead, "id": 7}), "cursor_unknown"),
        (json!({"op": "subscribe", "orders": many, "id": 7}), "invalid_request"),
    ] {
        socket.send(&request).await;
        let answer = socket.next().await;
        assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!(code)), "{answer}");
        assert_eq!(answer["id"], if request.is_object() { json!(7) } else { json!(null) });
    }
    app.store.set_down(true);
    socket.send(json!({"op": "subscribe", "orders": "*"})).await;
    assert_eq!(socket.next().await["code"], "store_unavailable");
    app.store.set_down(false);
    ask(&mut socket, &json!({"op": "subscribe", "orders": many[..2]})).await;
}

#[tokio::test]
async fn what_the_bus_loses_and_what_a_store_that_was_down_holds_are_told_all_the_same() {
    let app = App::start_with(|limits| limits.tail_check_every = Duration::from_millis(20)).await;
    let mut socket = subscribed(&app, &json!({"op": "subscribe", "orders": "*"})).await;
    app.bus.lose_all(true);
    let [one, _] = run_two(&app).await;
    assert_eq!(of(one, &listed(&events(&mut socket, 2 * EVENTS).await)), app.listed_events(one).await);

    let id = app.placed().await;
    let mut execution = app.execution(id).await;
    execution.run().await;
    app.store.set_down(true);
    tokio::time::sleep(Duration::from_millis(50)).await; // long enough for reads to fail
    app.store.set_down(false);
    let mut seen = listed(&events(&mut socket, EVENTS).await);
    seen.retain(|event| event["orderId"] == id.to_string());
    assert_eq!(seen, app.listed_events(id).await);
}

#[tokio::test]
async fn the_end_of_the_server_is_said_and_a_silent_peer_is_let_go() {
    let app = App::start_with(|limits| limits.idle_after = Duration::from_millis(50)).await;
    let (mut silent, _) = connect(&app).await;
    assert_eq!(silent.close_code().await, 4408);

    let app = App::start().await;
    let mut socket = subscribed(&app, &json!({"op": "subscribe", "orders": "*"})).await;
    let mut source = EventSource::open(app.client.get(app.url(PATH))).await;
    app.stop.cancel();
    assert_eq!(socket.close_code().await, 1001);
    assert_eq!(source.next("event").await, None);
    app.served.await.unwrap().unwrap();
}

#[tokio::test]
async fn who_reads_too_slowly_is_let_go_and_goes_on_where_it_was() {
    let app = App::start_with(|limits| limits.send_within = Duration::from_millis(50)).await;
    let socket = subscribed(&app, &json!({"op": "subscribe", "orders": "*"})).await;
    let mut source = EventSource::open(app.client.get(app.url(PATH))).await;
    let open = || async { app.read("/health").await["streams"].clone() };
    assert_eq!(open().await, 2);
    let mut orders = 0;
    while open().await != 0 {
        tokio::join!(run_two(&app), run_two(&app), run_two(&app), run_two(&app));
        orders += 8;
    }
    let all = orders * EVENTS;
    let mut seen: Vec<String> =
        socket.drain().await.iter().filter(|told| is_event(told)).map(cursor).collect();
    assert!(seen.len() < all, "the connection was cut");
    // a busy machine may be too slow again
    while seen.len() < all {
        let wish = json!({"op": "subscribe", "orders": "*", "cursor": seen.last().unwrap()});
        let mut again = subscribed(&app, &wish).await;
        while seen.len() < all
            && let Ok(text) = again.next_text().await
        {
            let told: Value = serde_json::from_str(&text).unwrap();
            seen.extend(is_event(&told).then(|| cursor(&told)));
        }
    }
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), all, "each event once");

    let mut seen = Vec::new();
    while let Some(event) = source.next("event").await {
        seen.push(event.id);
    }
    assert!(seen.len() < all, "the answer was cut");
    while seen.len() < all {
        let last = seen.last().unwrap();
        let mut again = EventSource::open(app.client.get(app.url(PATH)).header("last-event-id", last)).await;
        while seen.len() < all
            && let Some(event) = again.next("event").await
        {
            seen.push(event.id);
        }
    }
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), all, "each event once");
}

fn is_event(told: &Value) -> bool {
    told["type"] == "event"
}

fn cursor(told: &Value) -> String {
    text(&told["cursor"])
}

#[tokio::test]
async fn server_sent_events_tell_the_same_and_resume_by_their_ids() {
    let app = App::start().await;
    let mut source = EventSource::open(app.client.get(app.url(PATH))).await;
    let greeting = source.next("heartbeat").await.unwrap();
    assert_eq!(greeting.data["cursor"], greeting.id);
    let [one, two] = run_two(&app).await;
    let all = source.events(2 * EVENTS).await;
    let told: Vec<_> = all.iter().map(|sent| sent.data.clone()).collect();
    for id in [one, two] {
        assert_eq!(of(id, &listed(&told)), app.listed_events(id).await);
    }
    for (seen, sent) in all.iter().enumerate() {
        assert_eq!(sent.data["cursor"], sent.id);
        let by_header = app.client.get(app.url(PATH)).header("last-event-id", &sent.id);
        let by_query = app.client.get(app.url(&format!("{PATH}?cursor={}", sent.id)));
        for request in [by_header, by_query] {
            let rest = EventSource::open(request).await.events(all.len() - seen - 1).await;
            assert_eq!(rest, all[seen + 1..]);
        }
    }
    let named = app.client.get(app.url(&format!("{PATH}?orders={two}")));
    let told: Vec<_> = EventSource::open(named).await.events(EVENTS).await;
    let told: Vec<_> = told.into_iter().map(|sent| sent.data).collect();
    assert_eq!(listed(&told), app.listed_events(two).await);
}

#[tokio::test]
async fn server_sent_events_of_finished_orders_end() {
    let app = App::start().await;
    let [one, two] = run_two(&app).await;
    let address = app.url(&format!("{PATH}?orders={one},{two}"));
    let all = EventSource::open(app.client.get(&address)).await.events(2 * EVENTS).await;
    // from the first event on, after some of them, and after the last
    for cursor in [None, Some(&all[3].id), Some(&all.last().unwrap().id)] {
        let request = app.client.get(&address).header("last-event-id", cursor.map_or("", String::as_str));
        let end = EventSource::open(request).await.next("end").await.expect("an end");
        assert_eq!((end.id.as_str(), end.data), ("end", json!({"type": "end"})));
    }
    // a browser that comes back after the end is sent away for good
    let again = app.client.get(&address).header("accept", "text/event-stream").header("last-event-id", "end");
    assert_eq!(again.send().await.unwrap().status(), 204);

    let live = app.placed().await;
    let mut source = EventSource::open(app.client.get(app.url(&format!("{PATH}?orders={live},{one}")))).await;
    app.execution(live).await.run().await;
    let mut last = None;
    while let Some(sent) = source.next("event").await {
        last = Some(sent.data);
    }
    assert_eq!(last.unwrap()["status"], "confirmed", "the stream ended after the last event");
}

#[tokio::test]
async fn what_cannot_be_streamed_is_refused() {
    let app = App::start_with(|limits| (limits.max_stream_orders, limits.max_streams) = (1, 1)).await;
    let source = |query: &str| {
        app.client.get(app.url(&format!("{PATH}{query}"))).header("accept", "text/event-stream").send()
    };
    let id = app.placed().await;
    for (query, status, code) in [
        ("?orders=nonsense".to_owned(), 400, "invalid_query"),
        (format!("?orders={id},{id}"), 400, "invalid_query"),
        (format!("?orders={}", samples::order_id()), 404, "order_not_found"),
        ("?cursor=nonsense".into(), 400, "invalid_query"),
    ] {
        problem(source(&query).await.unwrap(), status, code).await;
    }
    problem(app.get(PATH).await, 426, "upgrade_required").await;
    let held = EventSource::open(app.client.get(app.url(PATH))).await;
    problem(source("").await.unwrap(), 503, "too_many_streams").await;
    drop(held);
    eventually("room for another stream", || async { source("").await.unwrap().status() == 200 }).await;
    app.store.set_down(true);
    // an EventSource comes back by itself only after a stream that ends
    eventually("a stream that ends while the store is down", || async {
        let ended = source("").await.unwrap();
        let transform = ended.headers()["cache-control"].to_str().unwrap().contains("no-transform");
        ended.status() == 200 && transform && ended.text().await.unwrap().contains("retry: 1000")
    })
    .await;
}

#[tokio::test]
async fn an_address_names_as_many_orders_as_fit_into_it() {
    let app = App::start().await;
    let mut ids = Vec::new();
    for _ in 0..501 {
        let acceptance = samples::acceptance();
        ids.push(acceptance.order.id.to_string());
        app.store.accept(acceptance).await.unwrap();
    }
    // as browsers write commas
    let url = |ids: &[String]| app.url(&format!("/api/stream?orders={}", ids.join("%2C")));
    let mut source = EventSource::open(app.client.get(url(&ids[..500]))).await;
    assert_eq!(source.events(500).await.len(), 500);
    let refused = app.client.get(url(&ids)).header("accept", "text/event-stream").send().await.unwrap();
    let refused = problem(refused, 400, "invalid_query").await;
    assert_eq!(refused["errors"][0]["code"], "out_of_range");
}
