use domain::OrderStatus;
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use utoipa::ToSchema;

use crate::{OrderView, words};

/// The result of a request to cancel an order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantArray,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum CancelOutcome {
    /// It is canceled.
    Canceled,
    /// The request is on record, and the execution or the chain decides.
    CancelRequested,
    /// It had already ended in another way.
    AlreadyTerminal,
    /// There is no such order.
    NotFound,
    /// Unknown: the request can be repeated.
    StoreUnavailable,
    /// An outcome of a later version, to whoever reads it.
    #[serde(other)]
    Later,
}

impl CancelOutcome {
    /// Every outcome of this version.
    pub const ALL: [Self; Self::VARIANTS.len() - 1] =
        *Self::VARIANTS.first_chunk().expect("all but the last, `Later`");

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The result of the request, and the order in its current state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = CanceledOrder)]
pub struct CanceledView<'a> {
    /// `canceled`, or `cancelRequested` while a worker or the chain still has to decide.
    #[schema(value_type = words::CancelOutcome)]
    pub result: CancelOutcome,
    pub order: OrderView<'a>,
}

/// The result for each order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CanceledOrders)]
pub struct CanceledViews {
    /// In the order of `ids`, otherwise newest first.
    pub results: Vec<CancelResultView>,
    /// Whether more orders match than one request cancels; if so, repeat it.
    pub has_more: bool,
}

/// The result for one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CancelResult)]
pub struct CancelResultView {
    /// As given in the request.
    pub order_id: String,
    #[schema(value_type = words::CancelOutcome)]
    pub result: CancelOutcome,
    /// The order's status, if the order exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::OrderStatus>)]
    pub status: Option<OrderStatus>,
}
