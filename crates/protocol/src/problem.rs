use std::borrow::Cow;

use domain::OrderId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{Code, FieldError, OrderView};

/// A problem, as a response and as a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// The problem's URI; in a message `error`, like the type of any message.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required)]
    pub kind: Option<String>,
    /// A summary, the same every time.
    pub title: Cow<'a, str>,
    pub status: u16,
    /// What happened this time, for people.
    pub detail: Cow<'a, str>,
    /// For programs; it does not change.
    #[schema(value_type = Code)]
    pub code: Cow<'a, str>,
    /// Whether the same request may succeed when it is repeated later.
    pub retryable: bool,
    /// The fields that are not valid.
    pub errors: Cow<'a, [FieldError]>,
    /// The order it concerns, where naming it helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub order_id: Option<OrderId>,
    /// That order in its current state, where it explains the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<OrderView<'static>>)]
    pub order: Option<Cow<'a, Value>>,
    /// The whole refusal in one short line.
    pub error: String,
}
