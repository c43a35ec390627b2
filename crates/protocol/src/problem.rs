use std::borrow::Cow;

use domain::OrderId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{Code, FieldError, OrderView};

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
