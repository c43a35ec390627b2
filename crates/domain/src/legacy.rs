//! JSON of versions before 2026-12, in which amounts did not name their token. The order's request does.
//!
//! It is in stored events and fills, and in the signed transactions of attempts that were open during an
//! upgrade.

use serde_json::{Value, json};

use crate::{EventData, QuoteRequest};

/// Whether an event's data is of those versions, and so can only be read together with the order's request.
pub fn is_event_data(data: &EventData) -> bool {
    let EventData::Unknown(data) = data else { return false };
    matches!(data["kind"].as_str(), Some("routed" | "building" | "confirmed"))
}

/// Converts an event's data to the current form. `None` if it is not of those versions.
pub fn event_data(data: &Value, request: &QuoteRequest) -> Option<EventData> {
    let mut data = data.clone();
    match data["kind"].as_str()? {
        "routed" => {
            for answer in data["decision"]["answers"].as_array_mut()? {
                name_tokens(answer, request);
            }
        }
        "building" => name_tokens(&mut data["bound"], request),
        "confirmed" => name_tokens(&mut data["fill"], request),
        _ => return None,
    }
    let data = serde_json::from_value(data).ok()?;
    (!matches!(data, EventData::Unknown(_))).then_some(data)
}

/// Names the tokens of the amounts in an object: a quote, a bound or a fill.
pub fn name_tokens(object: &mut Value, request: &QuoteRequest) {
    let QuoteRequest { token_in, token_out, .. } = request;
    let fields = [
        ("amountIn", token_in),
        ("amountOut", token_out),
        ("fee", token_in),
        ("minAmountOut", token_out),
        ("maxAmountIn", token_in),
    ];
    for (name, token) in fields {
        if let Some(field) = object.get_mut(name).filter(|field| field.is_string()) {
            *field = json!({ "mint": token.mint(), "decimals": token.decimals(), "units": field });
        }
    }
}
