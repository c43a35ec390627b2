//! `GET /api/engine`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{Phase, ports::ActiveOrders};
use protocol::{ActiveOrdersView, EngineView, WorkerView};
use tokio::time::timeout;

use crate::{openapi::problems, request::NoParameters, state::AppState};

problems!(Problems: InvalidQuery);

/// Version, effective settings, active orders and the workers that hold them.
#[utoipa::path(get, path = "/api/engine", operation_id = "getEngine", tag = "engine",
    responses((status = 200, description = "The engine.", body = EngineView), Problems))]
pub(crate) async fn show(State(state): State<AppState>, _: NoParameters) -> Response {
    let counted = state.store.active_by_status(state.limits.max_in_flight);
    let active = timeout(state.limits.health_within, counted).await.ok().and_then(Result::ok);
    let workers = active.as_ref().map(|active| {
        active
            .by_worker
            .iter()
            .map(|(name, orders)| WorkerView { name: name.into(), orders: *orders })
            .collect()
    });
    let view = EngineView {
        version: process::VERSION.into(),
        commit: process::commit().map(Into::into),
        mode: state.about.mode,
        started_at: state.started_at,
        orders: active.as_ref().map(counts),
        workers,
        settings: state.about.settings.clone(),
    };
    Json(view).into_response()
}

fn counts(active: &ActiveOrders) -> ActiveOrdersView {
    ActiveOrdersView {
        in_flight: active.in_phase(Phase::InFlight),
        resting: active.in_phase(Phase::Resting),
        parked: active.parked,
    }
}
