//! `POST /api/quotes`: quotes without executing.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{Failure, FailureClass, FailureCode};
use protocol::{BoundView, DecisionView, QuotesView, SpecView};

use crate::{
    openapi::{OrderBody, problems},
    problem::{Code, Problem},
    request::{JsonBody, NoParameters},
    state::AppState,
    validation::OrderRequest,
};

problems!(
    Problems: MalformedJson, InvalidOrder, InvalidQuery, UnreadableBody, BodyTimeout, BodyTooLarge, UnsupportedMediaType, UnsupportedContentEncoding,
    WalletNotFound, NoRoute, AmountTooSmall, InsufficientLiquidity, StoreUnavailable, QuotesUnavailable
);

/// Requests quotes without executing.
///
/// Returns all quotes, the best first, and the venue that an order with the same body would be routed to now. What the
/// wallet has does not matter, but there must be one of that name.
#[utoipa::path(post, path = "/api/quotes", operation_id = "askQuotes", tag = "quotes",
    request_body = OrderBody,
    responses((status = 200, description = "The routing decision for such an order now.", body = QuotesView), Problems))]
pub(crate) async fn ask(
    State(state): State<AppState>,
    _: NoParameters,
    body: JsonBody,
) -> Result<Response, Problem> {
    let request = state.parse_order(&body.0).await?;
    state.wallet_of(&request).await?;
    let OrderRequest { spec, .. } = request;
    let decision = quoting::decide(&state.venues, &spec.request, state.limits.quotes_within).await;
    let decision = decision.map_err(|failure| refusal(&failure))?;
    let bound = BoundView::new(spec.bound_around(&decision.best));
    let tokens = state.tokens.as_ref();
    let decision = DecisionView::new(&decision, tokens);
    Ok(Json(QuotesView { request: SpecView::new(&spec, tokens), decision, bound }).into_response())
}

/// Why a request that no venue quotes is refused.
pub(crate) fn refusal(failure: &Failure) -> Problem {
    let code = match failure.code {
        FailureCode::NoRoute => Code::NoRoute,
        FailureCode::AmountTooSmall => Code::AmountTooSmall,
        // the size moves the price further than the venue allows
        FailureCode::InsufficientLiquidity | FailureCode::PriceImpactTooHigh => Code::InsufficientLiquidity,
        code if code.class() == FailureClass::Permanent => Code::NoRoute,
        _ => Code::QuotesUnavailable,
    };
    Problem::new(code, failure.message.clone())
}
