//! `GET /api/venues`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::VenueId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    openapi::{problems, words},
    request::NoParameters,
    state::AppState,
};

problems!(Problems: InvalidQuery);

/// A venue that is asked for quotes.
#[derive(Serialize, ToSchema)]
#[schema(as = VenueInfo)]
struct VenueView<'a> {
    #[schema(value_type = words::Venue)]
    id: VenueId,
    /// Display name.
    name: &'a str,
}

/// Venues that are asked for quotes.
#[utoipa::path(get, path = "/api/venues", operation_id = "listVenues", tag = "quotes",
    responses((status = 200, description = "The venues.", body = [VenueView]), Problems))]
pub(crate) async fn list(State(state): State<AppState>, _: NoParameters) -> Response {
    let venues = state.venues.iter().map(|venue| VenueView { id: venue.id(), name: venue.name() });
    Json(venues.collect::<Vec<_>>()).into_response()
}
