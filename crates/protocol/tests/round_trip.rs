//! What is sent can be read, by the same definition, and says the same.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;

use domain::{
    Event, EventData, EventKind, Order, OrderStatus, OrderType, Token, books::Side, ports::AttemptState,
};
use protocol::{
    CancelOutcome, CandleInterval, DataView, EntryView, EventBody, Explanation, OrderView, Orders,
    ProblemBody, StatisticsWindow, StreamMessage, Word,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use strum::VariantArray;
use testkit::samples;
use venues::simulated::SimulatedTokens;

/// Reads what is sent, and holds what is sent on against it.
fn read_back<T: Serialize, U: Serialize + DeserializeOwned>(sent: &T) -> U {
    let text = serde_json::to_string(sent).unwrap();
    let read: U = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(serde_json::to_string(&read).unwrap(), text, "it says the same when it is sent on");
    read
}

/// One event of each kind that this version knows.
fn events() -> Vec<Event> {
    let order = samples::acceptance().order;
    let attempt = samples::attempt(&order);
    let (at, failure) = (order.created_at, samples::failure());
    let mut data = vec![samples::acceptance().event.data];
    data.extend(samples::steps_to_building());
    data.extend([
        samples::submitted(&attempt),
        EventData::Confirmed { fill: samples::fill(&attempt), after_expiry: true },
        EventData::Waiting { failure: failure.clone(), until: at },
        EventData::Retrying { failure: failure.clone(), next_attempt_at: at },
        EventData::Failed { failure: failure.clone() },
        EventData::Canceled { requested_at: at, failure: Some(failure) },
        EventData::Expired { expires_at: at, failure: None },
    ]);
    (1..)
        .zip(data)
        .map(|(seq, data)| Event { seq, status: OrderStatus::Routing, attempt: 1, at, data })
        .collect()
}

#[test]
fn every_kind_of_event() {
    let (id, tokens) = (samples::order_id(), SimulatedTokens::default());
    let events = events();
    let kinds: HashSet<EventKind> = events.iter().map(|event| event.data.kind()).collect();
    let missing: Vec<_> = EventKind::VARIANTS
        .iter()
        .filter(|kind| **kind != EventKind::Unknown && !kinds.contains(kind))
        .collect();
    assert!(missing.is_empty(), "no sample of {missing:?}");
    for event in &events {
        let body = EventBody::new(id, event, &tokens);
        let read: EventBody<'static> = read_back(&body);
        assert!(matches!(read.data, DataView::Known(_)), "{read:?}");
        assert_eq!(read, body);
        let message = StreamMessage::Event { body, cursor: Some("7-3".to_owned()) };
        let _: StreamMessage<'static> = read_back(&message);
    }
}

#[test]
fn what_a_later_version_adds_is_skipped() {
    let (id, tokens) = (samples::order_id(), SimulatedTokens::default());
    let mut sent = json!(EventBody::new(id, &events()[0], &tokens));
    sent["later"] = json!({ "field": 1 });
    sent["data"]["order"]["later"] = json!(true);
    let read: EventBody<'static> = serde_json::from_value(sent.clone()).unwrap();
    assert!(matches!(read.data, DataView::Known(_)));
    sent["data"]["kind"] = json!("triggered");
    let read: EventBody<'static> = serde_json::from_value(sent).unwrap();
    assert!(matches!(read.data, DataView::Unknown(data) if data["kind"] == "triggered"));
    let message: StreamMessage<'static> =
        serde_json::from_value(json!({ "type": "later", "more": 1 })).unwrap();
    assert_eq!(message, StreamMessage::Unknown);
}

/// One word that is new must not hide the list that it is in.
#[test]
fn words_of_a_later_version_are_read() {
    let (tokens, accepted) = (SimulatedTokens::default(), samples::acceptance().order);
    let order = Order { failure: Some(samples::failure()), ..accepted };
    let mut sent = json!([OrderView::new(&order, &tokens)]);
    sent[0]["failure"]["code"] = json!("out_of_gas");
    let read: Vec<OrderView<'static>> = serde_json::from_value(sent.clone()).unwrap();
    assert_eq!(read[0].failure.as_ref().unwrap().code, "out_of_gas");
    assert_eq!(json!(read), sent);

    let mut explained = json!(Explanation::new(&order, None, &events(), &tokens));
    let attempt = &mut explained["attempts"][0];
    attempt["outcome"] = json!("replaced");
    attempt["instructions"][0] = json!({ "instruction": "pay_tip", "lamports": 5 });
    let read: Explanation<'static> = serde_json::from_value(explained).unwrap();
    assert_eq!(read.attempts[0].outcome, protocol::Outcome::Later);
    assert_eq!(read.attempts[0].instructions[0], protocol::InstructionView::Later);

    let field: protocol::FieldError =
        serde_json::from_value(json!({ "field": "x", "code": "too_odd", "message": "is odd" })).unwrap();
    assert_eq!(field.code, protocol::FieldCode::Later);
    let sent = json!({
        "position": 1, "walletId": samples::order_id(), "at": "2026-11-21T08:00:00.000000Z", "cause": "liquidation",
        "postings": [{ "kind": "interest", "token": "SOL", "mint": Token::SOL.mint(), "amount": "1", "from": "lender",
            "to": "free" }],
    });
    let read: EntryView<'static> = serde_json::from_value(sent.clone()).unwrap();
    assert_eq!(read.cause, protocol::words::EntryCause::Later);
    let posting = &read.postings[0];
    assert_eq!((posting.kind.as_str(), posting.from.as_str()), ("interest", "lender"));
    assert_eq!(posting.to, Word::Known(Side::Free));
    assert_eq!(json!(posting), sent["postings"][0]);

    let outcome: protocol::CancelOutcome = serde_json::from_value(json!("scheduled")).unwrap();
    assert_eq!(outcome, protocol::CancelOutcome::Later);
}

#[test]
fn orders_and_explanations() {
    let tokens = SimulatedTokens::default();
    let accepted = samples::acceptance().order;
    let attempt = samples::attempt(&accepted);
    assert_eq!(attempt.state, AttemptState::Unresolved);
    let order = Order {
        status: OrderStatus::Confirmed,
        fill: Some(samples::fill(&attempt)),
        failure: Some(samples::failure()),
        next_attempt_at: Some(accepted.created_at),
        client_order_id: Some("mine".to_owned()),
        ..accepted
    };
    let shown = OrderView::new(&order, &tokens);
    assert_eq!(read_back::<_, OrderView<'static>>(&shown), shown);
    let events = events();
    let explanation = Explanation::new(&order, Some(7), &events, &tokens);
    assert_eq!(read_back::<_, Explanation<'static>>(&explanation), explanation);
}

#[test]
fn messages() {
    for message in [
        json!({ "type": "connected", "orderId": samples::order_id() }),
        json!({ "type": "connected", "cursor": "7-3", "heartbeatMs": 15_000 }),
        json!({ "type": "subscribed", "orders": "*", "id": 5 }),
        json!({ "type": "unsubscribed", "orders": [samples::order_id()] }),
        json!({ "type": "heartbeat", "cursor": "7-3", "at": "2026-11-21T08:00:00.000000Z", "lagMs": 0 }),
        json!({ "type": "end", "orderId": samples::order_id() }),
    ] {
        let read: StreamMessage<'static> = serde_json::from_value(message.clone()).unwrap();
        assert_ne!(read, StreamMessage::Unknown, "{message}");
        assert_eq!(json!(read), message);
    }
    assert!(serde_json::from_value::<Orders>(json!("all")).is_err());
}

#[test]
fn a_problem_has_its_type_as_a_response_and_the_message_names_its_own() {
    let problem = json!({
        "type": "urn:order-engine:problem:invalid_order", "title": "The order is invalid", "status": 400,
        "detail": "amountIn is zero", "code": "invalid_order", "retryable": false,
        "errors": [{ "field": "amountIn", "code": "zero", "message": "is zero" }], "error": "The order is invalid",
    });
    let read: ProblemBody<'static> = serde_json::from_value(problem.clone()).unwrap();
    assert_eq!(json!(read), problem);
    let message = json!(StreamMessage::Error { problem: ProblemBody { kind: None, ..read }, id: None });
    let expected = match problem {
        Value::Object(mut fields) => {
            fields.insert("type".to_owned(), json!("error"));
            Value::Object(fields)
        }
        _ => unreachable!("it is an object"),
    };
    assert_eq!(message, expected);
}

/// What serde writes and what tables, filters and metrics call it.
fn is_named<T: Serialize>(values: impl IntoIterator<Item = T>, name: impl Fn(&T) -> &'static str) {
    for value in values {
        assert_eq!(serde_json::to_value(&value).unwrap(), name(&value));
    }
}

#[test]
fn every_name_is_the_one_on_the_wire() {
    is_named(OrderStatus::ALL, |status| status.as_str());
    is_named(OrderType::VARIANTS, |order_type| (*order_type).into());
    is_named(CancelOutcome::ALL, |outcome| outcome.as_str());
    is_named(StatisticsWindow::ALL, |window| window.name());
    is_named(CandleInterval::ALL, |interval| interval.name());
}
