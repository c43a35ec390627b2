use std::borrow::Cow;

use domain::{Amount, OrderId, books::Shortage, ports::Tokens};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{Code, FieldError, OrderView};

/// A balance that is too low. Amounts are in whole tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Shortage)]
pub struct ShortageView {
    /// The token's symbol, or its mint if it is not listed.
    pub token: String,
    /// What must be free in the wallet.
    pub needed: Decimal,
    /// What is free.
    pub free: Decimal,
    /// The difference.
    pub missing: Decimal,
}

impl ShortageView {
    /// A shortage, as it is shown.
    pub fn new(shortage: &Shortage, tokens: &dyn Tokens) -> Self {
        let info = tokens.info(shortage.mint);
        let decimals = info.as_ref().map_or(0, |info| info.token.decimals());
        let missing = Amount(shortage.needed.0.saturating_sub(shortage.free.0));
        Self {
            token: info.map_or_else(|| shortage.mint.to_string(), |info| info.symbol.into_owned()),
            needed: shortage.needed.to_decimal(decimals),
            free: shortage.free.to_decimal(decimals),
            missing: missing.to_decimal(decimals),
        }
    }
}

/// An error, as a response or a stream message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// URI of the problem type; in a stream message `error`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required)]
    pub kind: Option<String>,
    /// Summary, the same for every occurrence.
    pub title: Cow<'a, str>,
    pub status: u16,
    /// Explanation of this occurrence, for people.
    pub detail: Cow<'a, str>,
    /// Stable code, for programs.
    #[schema(value_type = Code)]
    pub code: Cow<'a, str>,
    /// Whether repeating the same request later may succeed.
    pub retryable: bool,
    /// The invalid fields.
    pub errors: Cow<'a, [FieldError]>,
    /// The balances that are too low.
    #[serde(skip_serializing_if = "<[_]>::is_empty", default)]
    #[schema(required = false)]
    pub shortages: Cow<'a, [ShortageView]>,
    /// The order that the problem is about, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub order_id: Option<OrderId>,
    /// That order in its current state, if it explains the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<OrderView<'static>>)]
    pub order: Option<Cow<'a, Value>>,
    /// The problem in one short line.
    pub error: String,
}
