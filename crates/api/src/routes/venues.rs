//! `GET /api/venues`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use protocol::VenueView;

use crate::{openapi::problems, request::NoParameters, state::AppState};

problems!(Problems: InvalidQuery);

/// Lists the venues that quote.
#[utoipa::path(get, path = "/api/venues", operation_id = "listVenues", tag = "quotes",
    responses((status = 200, description = "The venues.", body = [VenueView]), Problems))]
pub(crate) async fn list(State(state): State<AppState>, _: NoParameters) -> Response {
    let venues = state.venues.iter().map(|venue| VenueView { id: venue.id(), name: venue.name().into() });
    Json(venues.collect::<Vec<_>>()).into_response()
}
