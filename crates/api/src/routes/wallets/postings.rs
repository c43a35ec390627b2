use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use protocol::EntryView;

use super::WalletPath;
use crate::{
    base_url::BaseUrl,
    openapi::problems,
    problem::Problem,
    request::{NoParameters, OrderIdPath, Parameters, refuse_query},
    routes::orders::{insert_next, read_limit},
    state::AppState,
};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;

problems!(Problems: InvalidQuery, WalletNotFound, StoreUnavailable);

/// Lists a wallet's books, newest first.
///
/// Each entry has the postings of one step of an order, or of a deposit, withdrawal or reset. `Link` has the next page.
#[utoipa::path(get, path = "/api/wallets/{id}/postings", operation_id = "listPostings", tag = "wallets",
    params(
        ("id" = String, Path, description = "The wallet's id or name, such as `default`."),
        ("cursor" = Option<u64>, Query, description = "Only entries before this `position`."),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 500, description = "Maximum number of entries; 50 by default."),
    ),
    responses(
        (status = 200, description = "The entries.", body = [EntryView],
            headers(("Link" = String, description = "The next page, with `rel=\"next\"`."))),
        Problems,
    ))]
pub(crate) async fn postings(
    State(state): State<AppState>,
    WalletPath(name): WalletPath,
    base: BaseUrl,
    query: Parameters,
) -> Result<Response, Problem> {
    let mut errors = Vec::new();
    let cursor =
        query.read("cursor", "must be the position of an entry", &mut errors, |text| text.parse().ok());
    let limit = read_limit(&query, DEFAULT_LIMIT, MAX_LIMIT, &mut errors);
    query.check_names(&["cursor", "limit"], &mut errors);
    refuse_query(errors)?;
    let wallet = state.wallet_named(&name).await?;
    let mut entries = state.answer(state.store.entries(wallet, cursor, limit + 1)).await?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_next = entries.len() > size;
    entries.truncate(size);
    let tokens = state.tokens.as_ref();
    let views: Vec<_> = entries.iter().map(|entry| EntryView::new(entry, tokens)).collect();
    let mut response = Json(views).into_response();
    if let Some(last) = entries.last().filter(|_| has_next) {
        let path = format!("/api/wallets/{wallet}/postings?cursor={}&limit={limit}", last.position);
        insert_next(&mut response, &base.http(&path));
    }
    Ok(response)
}

problems!(OrderProblems: InvalidOrderId, InvalidQuery, OrderNotFound, UnreadableOrder, StoreUnavailable);

/// Lists what an order did to its wallet, oldest first.
///
/// What is held when it is accepted, and what its attempts and its end moved and released.
#[utoipa::path(get, path = "/api/orders/{id}/postings", operation_id = "listOrderPostings", tag = "wallets",
    params(("id" = Uuid, Path, description = "The order.")),
    responses((status = 200, description = "The entries.", body = [EntryView]), OrderProblems))]
pub(crate) async fn of_order(
    State(state): State<AppState>,
    id: OrderIdPath,
    _: NoParameters,
) -> Result<Response, Problem> {
    let order = state.find_order(id.0).await?;
    let entries = state.answer(state.store.entries_of(order.id)).await?;
    let tokens = state.tokens.as_ref();
    Ok(Json(entries.iter().map(|entry| EntryView::new(entry, tokens)).collect::<Vec<_>>()).into_response())
}
