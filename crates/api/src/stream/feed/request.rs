//! What clients ask for on a stream of many orders.

use std::{borrow::Cow, collections::BTreeMap};

use domain::OrderId;
use serde::Deserialize;
use serde_json::Value;

use crate::problem::{Code, FieldCode, FieldError, Problem, shown};
use protocol::Orders;

/// A message of a client, and the `id` that its answer is to carry.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) id: Option<Value>,
    pub(super) command: Result<StreamCommand, Problem>,
}

/// What is requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StreamCommand {
    /// All orders: everything after the cursor, or everything new.
    SubscribeAll {
        cursor: Option<String>,
    },
    /// Orders, each with the last event that the client has seen of it.
    Subscribe {
        orders: Vec<(OrderId, u32)>,
    },
    /// Stop sending events of these.
    Unsubscribe(Orders),
    /// The prices of pairs, as their names were written.
    SubscribePrices(Vec<String>),
    UnsubscribePrices(Vec<String>),
}

/// The fields as they come; a field that is `null` counts as absent.
#[derive(Deserialize)]
struct Fields {
    op: Option<Value>,
    orders: Option<Value>,
    prices: Option<Value>,
    after: Option<Value>,
    cursor: Option<Value>,
    id: Option<Value>,
    #[serde(flatten)]
    unknown: BTreeMap<String, Value>,
}

impl Request {
    /// Reads a message; all invalid fields are reported at once.
    pub(super) fn parse(message: &[u8]) -> Self {
        let fields: Fields = match serde_json::from_slice(message) {
            Ok(fields) => fields,
            Err(error) => {
                let problem =
                    Problem::new(Code::MalformedJson, format!("a request must be a JSON object: {error}"));
                return Self { id: None, command: Err(problem) };
            }
        };
        let mut errors = Vec::new();
        let id = fields.id.clone().filter(|id| {
            // a larger number would come back rounded
            let is_valid = id.is_string() || id.is_i64() || id.is_u64();
            if !is_valid {
                errors.push(FieldError::new(
                    "id",
                    FieldCode::WrongType,
                    "must be a string or an integer below 2^64",
                ));
            }
            is_valid
        });
        for field in fields.unknown.keys() {
            let field = shown(field);
            errors.push(FieldError::new(field, FieldCode::Unknown, "is not a known field"));
        }
        let prices = fields.prices.as_ref().map(|prices| read_prices(prices, &fields, &mut errors));
        let orders = match prices {
            Some(_) => None,
            None => read_orders(fields.orders.as_ref(), &mut errors),
        };
        let command = match (fields.op.as_ref().and_then(Value::as_str), orders) {
            (Some("subscribe"), _) if prices.is_some() => {
                prices.flatten().map(StreamCommand::SubscribePrices)
            }
            (Some("unsubscribe"), _) if prices.is_some() => {
                prices.flatten().map(StreamCommand::UnsubscribePrices)
            }
            (Some("subscribe"), orders) => {
                subscribe(orders, fields.after.as_ref(), fields.cursor.as_ref(), &mut errors)
            }
            (Some("unsubscribe"), orders) => {
                refuse_field("after", fields.after.as_ref(), "requires op subscribe", &mut errors);
                refuse_field("cursor", fields.cursor.as_ref(), "requires op subscribe", &mut errors);
                orders.map(StreamCommand::Unsubscribe)
            }
            _ => {
                let code = if fields.op.is_some() { FieldCode::Unsupported } else { FieldCode::Missing };
                errors.push(FieldError::new("op", code, "must be subscribe or unsubscribe"));
                None
            }
        };
        let command = match command {
            Some(command) if errors.is_empty() => Ok(command),
            _ => Err(Problem::fields(Code::InvalidRequest, errors)),
        };
        Self { id, command }
    }
}

fn subscribe(
    orders: Option<Orders>,
    after: Option<&Value>,
    cursor: Option<&Value>,
    errors: &mut Vec<FieldError>,
) -> Option<StreamCommand> {
    match orders? {
        Orders::All => {
            refuse_field("after", after, "requires order ids; use cursor to resume all orders", errors);
            let text = cursor.map(|cursor| cursor.as_str().map(str::to_owned));
            if text == Some(None) {
                errors.push(FieldError::new("cursor", FieldCode::WrongType, "must be a string"));
            }
            Some(StreamCommand::SubscribeAll { cursor: text.flatten() })
        }
        Orders::Named(ids) => {
            refuse_field(
                "cursor",
                cursor,
                r#"requires orders "*"; use after to resume single orders"#,
                errors,
            );
            let after = read_after(after, &ids, errors);
            Some(StreamCommand::Subscribe { orders: ids.iter().map(|id| (*id, after.of(*id))).collect() })
        }
    }
}

fn refuse_field(
    name: &'static str,
    value: Option<&Value>,
    message: &'static str,
    errors: &mut Vec<FieldError>,
) {
    if value.is_some() {
        errors.push(FieldError::new(name, FieldCode::Conflict, message));
    }
}

fn read_orders(value: Option<&Value>, errors: &mut Vec<FieldError>) -> Option<Orders> {
    let expected = r#"must be "*" or an array of order ids"#;
    let (code, message): (FieldCode, Cow<'static, str>) = match value {
        None => (FieldCode::Missing, expected.into()),
        Some(Value::String(text)) if text == "*" => return Some(Orders::All),
        Some(Value::Array(ids)) if ids.is_empty() => (FieldCode::OutOfRange, "must not be empty".into()),
        Some(Value::Array(values)) => {
            let mut ids = Vec::with_capacity(values.len());
            for value in values {
                let id = value.as_str().and_then(|text| text.parse().ok());
                let Some(id) = id else {
                    let message = format!("must be order ids: {} is not one", shown(&value.to_string()));
                    errors.push(FieldError::new("orders", FieldCode::Malformed, message));
                    return None;
                };
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            return Some(Orders::Named(ids));
        }
        Some(_) => (FieldCode::WrongType, expected.into()),
    };
    errors.push(FieldError::new("orders", code, message));
    None
}

/// Pairs, as they are written; whether there are such tokens is found out later.
fn read_prices(value: &Value, fields: &Fields, errors: &mut Vec<FieldError>) -> Option<Vec<String>> {
    for (name, value) in [("orders", &fields.orders), ("after", &fields.after), ("cursor", &fields.cursor)] {
        refuse_field(name, value.as_ref(), "cannot be combined with prices", errors);
    }
    let pairs = value.as_array().and_then(|pairs| {
        pairs.iter().map(|pair| pair.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
    });
    let pairs = pairs.filter(|pairs| !pairs.is_empty());
    if pairs.is_none() {
        let message = r#"must be an array of pairs, such as ["SOL/USDC"]"#;
        errors.push(FieldError::new("prices", FieldCode::WrongType, message));
    }
    pairs
}

/// The last events that were seen.
enum After {
    All(u32),
    Each(BTreeMap<OrderId, u32>),
}

impl After {
    fn of(&self, id: OrderId) -> u32 {
        match self {
            Self::All(seq) => *seq,
            Self::Each(seqs) => seqs.get(&id).copied().unwrap_or(0),
        }
    }
}

fn read_after(value: Option<&Value>, ids: &[OrderId], errors: &mut Vec<FieldError>) -> After {
    let seq = |value: &Value| value.as_u64().and_then(|seq| u32::try_from(seq).ok());
    let read = match value {
        None => Some(After::All(0)),
        Some(Value::Object(fields)) => {
            let each = fields.iter().map(|(id, value)| {
                let id = id.parse().ok().filter(|id| ids.contains(id))?;
                Some((id, seq(value)?))
            });
            each.collect::<Option<_>>().map(After::Each)
        }
        Some(value) => seq(value).map(After::All),
    };
    read.unwrap_or_else(|| {
        let message = "must be a sequence number, or an object with one for each order id";
        errors.push(FieldError::new("after", FieldCode::Malformed, message));
        After::All(0)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ONE: &str = "01930000-0000-7000-8000-000000000001";
    const TWO: &str = "01930000-0000-7000-8000-000000000002";

    fn command(message: &Value) -> Result<StreamCommand, Vec<(String, &'static str)>> {
        Request::parse(message.to_string().as_bytes()).command.map_err(|problem| {
            assert_eq!(problem.code, Code::InvalidRequest);
            problem.errors.iter().map(|error| (error.field.to_string(), error.code.as_str())).collect()
        })
    }

    #[test]
    fn orders_are_named_each_once_with_what_was_seen_of_them() {
        let (one, two) = (ONE.parse().unwrap(), TWO.parse().unwrap());
        for (after, orders) in [
            (json!(null), [(one, 0), (two, 0)]),
            (json!(4), [(one, 4), (two, 4)]),
            (json!({TWO: 7}), [(one, 0), (two, 7)]),
        ] {
            let message = json!({"op": "subscribe", "orders": [ONE, TWO, ONE], "after": after});
            assert_eq!(command(&message), Ok(StreamCommand::Subscribe { orders: orders.into() }));
        }
        let all = json!({"op": "subscribe", "orders": "*", "cursor": "c"});
        assert_eq!(command(&all), Ok(StreamCommand::SubscribeAll { cursor: Some("c".into()) }));
        let message = json!({"op": "unsubscribe", "orders": [TWO]});
        assert_eq!(command(&message), Ok(StreamCommand::Unsubscribe(Orders::Named(vec![two]))));
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let error = |field: &str, code| (field.to_owned(), code);
        for (message, errors) in [
            (json!({}), vec![error("orders", "missing"), error("op", "missing")]),
            (json!({"op": "follow", "orders": "*"}), vec![error("op", "unsupported")]),
            (json!({"op": "subscribe", "orders": []}), vec![error("orders", "out_of_range")]),
            (json!({"op": "subscribe", "orders": "all"}), vec![error("orders", "wrong_type")]),
            (json!({"op": "subscribe", "orders": [1]}), vec![error("orders", "malformed")]),
            (json!({"op": "subscribe", "orders": "*", "after": 1}), vec![error("after", "conflict")]),
            (json!({"op": "subscribe", "orders": "*", "cursor": 1}), vec![error("cursor", "wrong_type")]),
            (json!({"op": "subscribe", "orders": [ONE], "cursor": ""}), vec![error("cursor", "conflict")]),
            (
                json!({"op": "subscribe", "orders": [ONE], "after": {TWO: 1}}),
                vec![error("after", "malformed")],
            ),
            (json!({"op": "subscribe", "orders": [ONE], "after": -1}), vec![error("after", "malformed")]),
            (json!({"op": "unsubscribe", "orders": [ONE], "after": 1}), vec![error("after", "conflict")]),
            (
                json!({"op": "subscribe", "orders": "*", "id": [], "more": 1}),
                vec![error("id", "wrong_type"), error("more", "unknown_field")],
            ),
            (json!({"op": "subscribe", "orders": "*", "id": 1.5}), vec![error("id", "wrong_type")]),
            (json!({"op": "subscribe", "orders": "*", "id": 1e30}), vec![error("id", "wrong_type")]),
        ] {
            assert_eq!(command(&message), Err(errors), "{message}");
        }
        assert_eq!(Request::parse(b"[1]").command.unwrap_err().code, Code::MalformedJson);
    }
}
