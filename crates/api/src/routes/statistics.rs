//! `GET /api/statistics`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use protocol::{StatisticsView, StatisticsWindow};

use crate::{
    openapi::problems,
    problem::Problem,
    request::{Parameters, refuse_query},
    state::AppState,
};

problems!(Problems: InvalidQuery);

/// Rates, latencies, venues and causes of failures over a recent window.
///
/// Counted by the process that answers, from the events of all orders.
#[utoipa::path(get, path = "/api/statistics", operation_id = "getStatistics", tag = "engine",
    params(("window" = Option<StatisticsWindow>, Query, description = "`5m` by default.")),
    responses((status = 200, description = "The figures.", body = StatisticsView), Problems))]
pub(crate) async fn show(State(state): State<AppState>, query: Parameters) -> Result<Response, Problem> {
    let mut errors = Vec::new();
    let window: Option<StatisticsWindow> =
        query.read("window", "must be 5m, 15m, 1h or 24h", &mut errors, |text| text.parse().ok());
    query.check_names(&["window"], &mut errors);
    refuse_query(errors)?;
    Ok(Json(state.statistics.view(window.unwrap_or_default())).into_response())
}
