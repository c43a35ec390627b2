use serde::{Deserialize, Serialize};

/// Who placed an order, as far as its request says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// The `X-Request-Id` of the request, which the log has too.
    pub request_id: String,
    /// The client's `User-Agent`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client: Option<String>,
}
