//! Files that are written while they are read: what exports have in common.

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use domain::ports::StoreError;
use futures::Stream;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{sleep, timeout},
};

use crate::{
    pause::StorePause,
    problem::{Code, FieldError, Problem},
    request::Parameters,
    state::AppState,
};

/// How often a page is read again before the answer is cut.
const RETRIES: u32 = 5;

/// What an export is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    JsonLines,
}

impl Format {
    /// The format that a query asks for.
    pub(super) fn read(query: &Parameters, errors: &mut Vec<FieldError>) -> Self {
        let format = query.read("format", "must be csv or jsonl", errors, |text| match text {
            "csv" => Some(Self::Csv),
            "jsonl" => Some(Self::JsonLines),
            _ => None,
        });
        format.unwrap_or(Self::Csv)
    }
}

/// The right to export, which the export holds while it runs.
///
/// # Errors
/// When too many are running.
pub(super) fn permit(state: &AppState) -> Result<OwnedSemaphorePermit, Problem> {
    state.exports.clone().try_acquire_owned().map_err(|_| {
        let detail = format!("{} exports are running; repeat the request later", state.limits.max_exports);
        Problem::new(Code::TooManyExports, detail)
    })
}

/// A file of this name, without its ending, whose lines come from a stream.
pub(super) fn file(
    format: Format,
    name: &str,
    lines: impl Stream<Item = Result<Bytes, StoreError>> + Send + 'static,
) -> Response {
    let (media_type, ending) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
        Format::JsonLines => ("application/jsonl", "jsonl"),
    };
    let mut response = Body::from_stream(lines).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{name}.{ending}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// Reads a page, again if the store does not answer. A process that stops does not wait for the end of an export: its
/// client sees that it was cut.
///
/// # Errors
/// [`StoreError`] when the export is to be cut.
pub(super) async fn patiently<T, F>(state: &AppState, read: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let patient = async {
        let mut pause = StorePause::new();
        let mut tries = 0;
        loop {
            let page = timeout(state.limits.store_within, read()).await;
            let error = match page.unwrap_or_else(|_| Err(StoreError::unavailable("no answer in time"))) {
                Ok(page) => return Ok(page),
                Err(error) => error,
            };
            tries += 1;
            if tries > RETRIES {
                tracing::warn!(%error, "an export is cut: the store does not answer");
                return Err(error);
            }
            sleep(pause.next()).await;
        }
    };
    let read = state.stopping.run_until_cancelled(patient).await;
    read.unwrap_or_else(|| Err(StoreError::unavailable("the process stops")))
}

/// A value as a cell, empty if there is none.
pub(super) fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A text that no spreadsheet takes for a formula.
pub(super) fn plain(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

/// A line of a CSV file.
pub(super) fn line(cells: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // writing to a Vec cannot fail, and one record cannot differ in length from another
    let _ = writer.write_record(cells);
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        let cells = ["plain", "a,b", "say \"hi\"", "=SUM(A1)"].map(|text| plain(text.to_owned()));
        assert_eq!(line(&cells), b"plain,\"a,b\",\"say \"\"hi\"\"\",'=SUM(A1)\r\n");
    }
}
