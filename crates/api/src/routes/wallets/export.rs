use axum::{body::Bytes, extract::State, response::Response};
use domain::{
    books::WalletId,
    ports::{PostedEntry, StoreError, Tokens},
};
use futures::stream;
use protocol::{EntryView, words};
use tokio::sync::OwnedSemaphorePermit;

use super::WalletPath;
use crate::{
    openapi::problems,
    problem::Problem,
    request::{Parameters, refuse_query},
    routes::export_file::{Format, file, line, patiently, permit, text},
    state::AppState,
};

/// Entries that are in memory at once.
const PAGE: u32 = 1_000;

const COLUMNS: [&str; 13] = [
    "position",
    "at",
    "cause",
    "orderId",
    "seq",
    "attempt",
    "transferId",
    "kind",
    "token",
    "amount",
    "from",
    "to",
    "worth",
];

problems!(Problems: InvalidQuery, WalletNotFound, StoreUnavailable, TooManyExports);

/// Exports a wallet's books, oldest first, as CSV or JSON Lines.
///
/// CSV has a line for each posting, JSON Lines one for each entry. If the database fails midway, the connection is dropped.
#[utoipa::path(get, path = "/api/wallets/{id}/postings/export", operation_id = "exportPostings", tag = "wallets",
    params(
        ("id" = String, Path, description = "The wallet's id or name, such as `default`."),
        ("format" = Option<words::ExportFormat>, Query, description = "`csv` by default."),
    ),
    responses(
        (status = 200, description = "The books, in CSV after a line with the names of the columns.",
            content((String = "text/csv"), (String = "application/jsonl"))),
        Problems,
    ))]
pub(crate) async fn export(
    State(state): State<AppState>,
    WalletPath(name): WalletPath,
    query: Parameters,
) -> Result<Response, Problem> {
    let mut errors = Vec::new();
    let format = Format::read(&query, &mut errors);
    query.check_names(&["format"], &mut errors);
    refuse_query(errors)?;
    let permit = permit(&state)?;
    let wallet = state.wallet_named(&name).await?;
    let first = state.answer(state.store.entries_after(wallet, 0, PAGE)).await?;
    let head = if format == Format::Csv { line(&COLUMNS) } else { Vec::new() };
    let pages = Pages { state, wallet, format, head, page: Some(first), _permit: permit };
    Ok(file(format, "postings", stream::try_unfold(pages, Pages::next)))
}

struct Pages {
    state: AppState,
    wallet: WalletId,
    format: Format,
    /// What comes before the next page.
    head: Vec<u8>,
    /// The next page, if there is one.
    page: Option<Vec<PostedEntry>>,
    /// Counted as long as it runs.
    _permit: OwnedSemaphorePermit,
}

impl Pages {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, StoreError> {
        let Some(page) = self.page.take() else { return Ok(None) };
        let mut bytes = std::mem::take(&mut self.head);
        for entry in &page {
            lines(entry, self.format, self.state.tokens.as_ref(), &mut bytes);
        }
        if let Some(last) = page.last().filter(|_| page.len() == PAGE as usize) {
            let read = || self.state.store.entries_after(self.wallet, last.position, PAGE);
            self.page = Some(patiently(&self.state, read).await?);
        }
        Ok(Some((bytes.into(), self)))
    }
}

fn lines(entry: &PostedEntry, format: Format, tokens: &dyn Tokens, bytes: &mut Vec<u8>) {
    let view = EntryView::new(entry, tokens);
    if format == Format::JsonLines {
        // what is serialised here has string keys and no fallible parts
        bytes.extend(serde_json::to_vec(&view).unwrap_or_default());
        bytes.push(b'\n');
        return;
    }
    for posting in &view.postings {
        bytes.extend(line(&[
            view.position.to_string(),
            view.at.to_string(),
            view.cause.to_string(),
            text(view.order_id),
            text(view.seq),
            text(view.attempt),
            text(view.transfer_id),
            posting.kind.as_str().to_owned(),
            posting.token.to_string(),
            posting.amount.to_string(),
            posting.from.as_str().to_owned(),
            posting.to.as_str().to_owned(),
            text(posting.worth),
        ]));
    }
}
