use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use protocol::{EquityPointView, EquityView};

use super::{QUOTE, WalletPath, usdc, view};
use crate::{
    openapi::problems,
    problem::{Code, Problem},
    request::NoParameters,
    state::AppState,
};

/// Points of an answer: more than a chart is wide.
const MOST: usize = 1_000;

problems!(Problems: InvalidQuery, WalletNotFound, StoreUnavailable);

/// What a wallet was worth since its last reset, in USDC.
///
/// Recorded every minute and kept for `PRICE_HISTORY_DAYS`. Returns at most 1,000 evenly spaced points, the last of which is
/// the current value. Minutes in which a balance had no price are missing.
#[utoipa::path(get, path = "/api/wallets/{id}/equity", operation_id = "getEquity", tag = "wallets",
    params(("id" = String, Path, description = "The wallet's id or name, such as `default`.")),
    responses((status = 200, description = "The values.", body = EquityView), Problems))]
pub(crate) async fn equity(
    State(state): State<AppState>,
    WalletPath(name): WalletPath,
    _: NoParameters,
) -> Result<Response, Problem> {
    let wallet = state.find_wallet(&name).await?;
    let recorded = state.ticker.worths(wallet.id, wallet.epoch_began_at).await.map_err(|_| {
        let detail = "the history of values is unavailable; repeat the request";
        Problem::new(Code::StoreUnavailable, detail)
    })?;
    // the minute of a reset may have the value before it; that of the opening cannot
    let recorded = recorded.into_iter().filter(|(at, _)| wallet.epoch == 0 || *at >= wallet.epoch_began_at);
    let recorded: Vec<_> = recorded
        .map(|(at, worth)| EquityPointView { at: at.max(wallet.epoch_began_at), value: usdc(worth) })
        .collect();
    let mut points = thinned(recorded);
    let now = view(&state, &wallet, QUOTE).await?;
    if now.is_complete {
        points.push(EquityPointView { at: state.clock.now(), value: now.value });
    }
    Ok(Json(EquityView { quote_token: now.quote_token, points }).into_response())
}

/// At most [`MOST`] evenly spaced points, the last one included.
fn thinned(points: Vec<EquityPointView>) -> Vec<EquityPointView> {
    let step = points.len().div_ceil(MOST - 1).max(1);
    let mut thinned: Vec<_> = points.into_iter().rev().step_by(step).collect();
    thinned.reverse();
    thinned
}
