//! Every example of docs/MESSAGES.md against the message itself, and every message has an example.

use std::{collections::BTreeMap, fs};

use domain::OrderId;
use serde_json::{Value, json};
use testkit::samples;

use crate::support::{App, EventSource, Socket, order};

/// The order and the cursor that the examples name.
const EXAMPLE_ID: &str = "01a1fdbc-8cfc-7241-a90d-9c8789c7b58b";
const EXAMPLE_CURSOR: &str = "2f1.01a1fdbc8cfc7241a90d9c8789c7b58b.4";

/// Messages by the name of their example.
type Messages = BTreeMap<String, Value>;

/// The examples: blocks of JSON that are marked with a name.
fn examples() -> Messages {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/MESSAGES.md")).unwrap();
    let blocks = page.split("```json ").skip(1).map(|rest| rest.split("```").next().unwrap());
    let examples: Vec<_> = blocks.filter_map(|block| block.split_once('\n')).collect();
    let named: Messages = examples
        .iter()
        .map(|(name, text)| match serde_json::from_str(text) {
            Ok(message) => ((*name).to_owned(), message),
            Err(error) => panic!("the example {name} is no JSON: {error}"),
        })
        .collect();
    assert_eq!(named.len(), examples.len(), "two examples have the same name");
    named
}

/// What of a message clients rely on: fields, types, and the words that distinguish messages.
fn shape(message: &Value) -> Value {
    const WORDS: [&str; 6] = ["type", "event", "kind", "instruction", "op", "orders"];
    match message {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match value {
                Value::String(_) if WORDS.contains(&name.as_str()) => (name.clone(), value.clone()),
                _ => (name.clone(), shape(value)),
            })
            .collect(),
        Value::Array(values) => {
            let mut shapes: Vec<_> = values.iter().map(shape).collect();
            shapes.dedup();
            shapes.into()
        }
        Value::String(_) => "text".into(),
        Value::Number(_) => "number".into(),
        Value::Bool(_) => "true or false".into(),
        Value::Null => Value::Null,
    }
}

/// Keeps messages under `prefix` and their kind; the same kind again must look the same.
fn keep(seen: &mut Messages, prefix: &str, messages: impl IntoIterator<Item = Value>) {
    for message in messages {
        let kind = message["data"]["kind"].as_str().or(message["type"].as_str()).unwrap_or("error");
        let name = format!("{prefix}.{kind}");
        let first = seen.entry(name.clone()).or_insert_with(|| message.clone());
        assert_eq!(shape(first), shape(&message), "{name} differs from one time to another");
    }
}

/// Runs an order through every kind of event but a confirmation.
async fn fail(app: &App, id: &Value) {
    let mut execution = app.execution(id.as_str().unwrap().parse().unwrap()).await;
    execution.submit().await;
    execution.retry().await;
    execution.submit().await;
    execution.fail().await;
}

async fn confirmed(app: &App) -> OrderId {
    let id = app.placed().await;
    app.execution(id).await.run().await;
    id
}

async fn all(app: &App, path: String) -> Vec<Value> {
    app.socket(&path).await.rest().await.0
}

/// The stream of one order.
async fn of_one_order(app: &App, examples: &Messages, seen: &mut Messages) {
    let mut socket = app.socket("/api/orders/execute").await;
    seen.insert("order.connected.new".into(), socket.next().await);
    let body = &examples["order.place"];
    socket.send(body).await;
    seen.insert("order.place".into(), body.clone());
    let accepted = socket.next().await;
    fail(app, &accepted["orderId"]).await;
    keep(seen, "order", [accepted]);
    keep(seen, "order", socket.rest().await.0);
    keep(seen, "order", all(app, format!("/api/orders/execute?orderId={}", confirmed(app).await)).await);
    keep(seen, "order", all(app, "/api/orders/execute?orderId=7".into()).await);
    let id = waiting(app).await;
    let mut socket = app.socket(&format!("/api/orders/execute?orderId={id}&after=2")).await;
    socket.next().await; // connected
    keep(seen, "order", [socket.next().await]);
    for id in [canceled(app).await, expired(app).await] {
        keep(seen, "order", all(app, format!("/api/orders/execute?orderId={id}")).await);
    }
}

async fn waiting(app: &App) -> OrderId {
    let id = app.placed().await;
    let mut execution = app.execution(id).await;
    execution.step(domain::EventData::RoutingStarted).await;
    let failure = domain::Failure::new(domain::FailureCode::ChainUnavailable, "no recent block hash");
    let until = execution.order().updated_at;
    execution.step(domain::EventData::Waiting { failure, until }).await;
    id
}

async fn canceled(app: &App) -> OrderId {
    let id = app.placed().await;
    app.post(&format!("/api/orders/{id}/cancel")).send().await.unwrap();
    id
}

async fn expired(app: &App) -> OrderId {
    let id = app.placed().await;
    let mut execution = app.execution(id).await;
    let expires_at = execution.order().created_at;
    execution.step(domain::EventData::Expired { expires_at, failure: None }).await;
    id
}

/// An answer to an example of a request, which is about an order that exists.
async fn ask(
    socket: &mut Socket,
    name: &str,
    example: &Value,
    id: OrderId,
    cursor: &str,
    seen: &mut Messages,
) -> Value {
    seen.insert(name.to_owned(), example.clone());
    socket
        .send(example.to_string().replace(EXAMPLE_ID, &id.to_string()).replace(EXAMPLE_CURSOR, cursor))
        .await;
    socket.next().await
}

/// The stream of many orders.
async fn of_many_orders(app: &App, examples: &Messages, seen: &mut Messages) {
    let id = app.placed().await;
    let mut socket = app.socket("/api/stream").await;
    let connected = socket.next().await;
    let cursor = connected["cursor"].as_str().unwrap().to_owned();
    keep(seen, "stream", [connected]);
    for (request, answer) in [
        ("stream.subscribe.named", "stream.subscribed.named"),
        ("stream.subscribe.after", "stream.subscribed.named"),
        ("stream.unsubscribe", "stream.unsubscribed"),
        ("stream.subscribe.all", "stream.subscribed.all"),
        ("stream.subscribe.cursor", "stream.subscribed.all"),
    ] {
        let mut reply = ask(&mut socket, request, &examples[request], id, &cursor, seen).await;
        while reply["type"] == "event" {
            reply = socket.next().await; // of the orders that were asked for before
        }
        assert_eq!(reply["type"], answer.split('.').nth(1).unwrap(), "{request}: {reply}");
        seen.entry(answer.to_owned()).or_insert(reply);
    }
    let mut prices = app.socket("/api/stream").await;
    prices.next().await; // connected
    for (request, answer) in [
        ("stream.subscribe.prices", "stream.subscribed.prices"),
        ("stream.unsubscribe.prices", "stream.unsubscribed.prices"),
    ] {
        let mut reply = ask(&mut prices, request, &examples[request], id, &cursor, seen).await;
        while reply["type"] == "prices" {
            reply = prices.next().await;
        }
        seen.insert(answer.to_owned(), reply);
        if request == "stream.subscribe.prices" {
            keep(seen, "stream", [prices.next().await]);
        }
    }
    app.execution(id).await.step(domain::EventData::RoutingStarted).await;
    let mut event = socket.next().await;
    while event["data"]["kind"] != "routing_started" {
        event = socket.next().await;
    }
    seen.insert("stream.event".into(), event);
    socket.send(json!({"op": "follow", "orders": "*", "id": 7})).await;
    keep(seen, "stream", [socket.next().await]);

    for kind in ["heartbeat", "event"] {
        let request = app.client.get(app.url(&format!("/api/stream?orders={id}")));
        let sent = EventSource::open(request).await.next(kind).await.unwrap();
        assert_eq!(sent.data["cursor"], sent.id.as_str());
        seen.entry(format!("stream.{kind}")).or_insert(sent.data);
    }
}

/// The WebSocket connections of earlier systems.
async fn of_earlier_systems(app: &App, seen: &mut Messages) {
    let id = confirmed(app).await;
    let unknown = samples::order_id();
    keep(seen, "status", all(app, format!("/api/orders/{unknown}/status")).await);
    let open = app.placed().await;
    let mut updates = app.socket(&format!("/api/orders/{open}/status")).await;
    keep(seen, "status", [updates.next().await]);
    let mut flat = app.socket(&format!("/api/orders/ws?orderId={open}")).await;
    keep(seen, "snapshot", [flat.next().await]);
    let mut named = app.socket("/api/orders/ws").await;
    named.send(order()).await;
    let pending = named.next().await;
    fail(app, &pending["orderId"]).await;
    app.execution(open).await.run().await;
    seen.insert("status.update".into(), updates.rest().await.0.remove(0));
    keep(seen, "snapshot", flat.rest().await.0);
    keep(seen, "named", [pending]);
    keep(seen, "named", named.rest().await.0);
    for (name, query) in [
        ("processed", format!("?orderId={id}")),
        ("unknown", format!("?orderId={unknown}")),
        ("missing", "?id=7".into()),
    ] {
        let messages = all(app, format!("/api/orders/ws{query}")).await;
        seen.insert(format!("snapshot.error.{name}"), messages.last().unwrap().clone());
    }
    let mut refused = app.socket("/api/orders/ws").await;
    refused.send("{}").await;
    keep(seen, "named", refused.rest().await.0);
}

#[tokio::test]
async fn every_message_has_an_example_that_looks_like_it() {
    let app = App::start().await;
    let examples = examples();
    let mut seen = Messages::new();
    of_one_order(&app, &examples, &mut seen).await;
    of_many_orders(&app, &examples, &mut seen).await;
    of_earlier_systems(&app, &mut seen).await;
    let mut wrong = Vec::new();
    for (name, message) in &seen {
        match examples.get(name) {
            None => wrong.push(format!("{name} has no example; it looks so: {message}")),
            Some(example) if shape(example) != shape(message) => {
                wrong.push(format!("{name} looks so: {message}"));
            }
            Some(_) => {}
        }
    }
    wrong.extend(
        examples.keys().filter(|name| !seen.contains_key(*name)).map(|name| format!("{name} is no message")),
    );
    assert!(wrong.is_empty(), "docs/MESSAGES.md is not current:\n{}", wrong.join("\n"));
}
