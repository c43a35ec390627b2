//! `GET /api/market/prices` and `GET /api/market/candles`.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{
    Timestamp,
    ports::{Candle, Ohlc},
};
use protocol::{CandleInterval, CandleView, CandlesView, OhlcView, PricesView, VenueCandlesView};

use super::search;
use crate::{
    openapi::problems,
    prices::{self, Pair},
    problem::{Code, FieldCode, FieldError, Problem},
    request::{Parameters, refuse_query},
    state::AppState,
};

/// Candles of an answer, for each venue.
const MOST: u32 = 1_000;

problems!(Problems: InvalidQuery, StoreUnavailable);

/// What a pair costs at each venue now.
///
/// Quoted with the lot of the base token (`GET /api/tokens`). The stream sends it every second: see
/// `{"op": "subscribe", "prices": ["SOL/USDC"]}`.
#[utoipa::path(get, path = "/api/market/prices", operation_id = "getPrices", tag = "quotes",
    params(("pair" = String, Query, description = "Base and quote token, such as `SOL/USDC`.")),
    responses((status = 200, description = "The prices.", body = PricesView), Problems))]
pub(crate) async fn prices(State(state): State<AppState>, query: Parameters) -> Result<Response, Problem> {
    let mut errors = Vec::new();
    let pair = pair(&state, &query, &mut errors).await;
    query.report_unknown(&["pair"], &mut errors);
    refuse_query(errors)?;
    let pair = pair.ok_or_else(Problem::internal)?;
    Ok(Json(state.ticker.now(pair).await.view(state.tokens.as_ref())).into_response())
}

/// How prices of a pair moved, by venue.
///
/// Recorded are the pairs of the setting `PRICE_PAIRS`, and any other while somebody watches it. At most 1,000 candles
/// for each venue: the last ones before `to`, unless `from` is given.
#[utoipa::path(get, path = "/api/market/candles", operation_id = "listCandles", tag = "quotes",
    params(
        ("pair" = String, Query, description = "Base and quote token, such as `SOL/USDC`."),
        ("interval" = Option<CandleInterval>, Query, description = "`1m` by default."),
        ("from" = Option<String>, Query, format = DateTime, description = "Candles that begin at this time or later, RFC 3339."),
        ("to" = Option<String>, Query, format = DateTime, description = "Candles that begin before this time, RFC 3339; now by default."),
    ),
    responses((status = 200, description = "The candles.", body = CandlesView), Problems))]
pub(crate) async fn candles(State(state): State<AppState>, query: Parameters) -> Result<Response, Problem> {
    let mut errors = Vec::new();
    let pair = pair(&state, &query, &mut errors).await;
    let interval: Option<CandleInterval> =
        query.read("interval", "must be 1m, 5m, 15m, 1h, 4h or 1d", &mut errors, |text| text.parse().ok());
    let not_a_time = "must be an RFC 3339 time with an offset";
    let from: Option<Timestamp> = query.read("from", not_a_time, &mut errors, |text| text.parse().ok());
    let to: Option<Timestamp> = query.read("to", not_a_time, &mut errors, |text| text.parse().ok());
    query.report_unknown(&["pair", "interval", "from", "to"], &mut errors);
    refuse_query(errors)?;
    let pair = pair.ok_or_else(Problem::internal)?;
    let interval = interval.unwrap_or_default();
    let longest = Duration::from_mins(u64::from(interval.minutes()) * u64::from(MOST));
    let micros = i64::try_from(longest.as_micros()).unwrap_or(i64::MAX);
    let (from, to) = match (from, to) {
        (Some(from), to) => (from, to.unwrap_or_else(|| state.clock.now() + longest).min(from + longest)),
        (None, to) => {
            let to = to.unwrap_or_else(|| state.clock.now() + Duration::from_mins(1));
            (Timestamp::from_unix_micros(to.unix_micros().saturating_sub(micros)), to)
        }
    };
    let found = state.ticker.candles(pair, interval.minutes(), from, to).await;
    let found = found.map_err(|error| Problem::new(Code::StoreUnavailable, error.to_string()))?;
    let venues = found.into_iter().map(|(venue, candles)| VenueCandlesView {
        venue,
        candles: candles.iter().rev().take(MOST as usize).rev().map(view).collect(),
    });
    let view = CandlesView {
        pair: prices::name(pair, state.tokens.as_ref()).into(),
        interval,
        venues: venues.collect(),
    };
    Ok(Json(view).into_response())
}

fn view(Candle { at, bid, ask, .. }: &Candle) -> CandleView {
    let side =
        |side: Option<Ohlc>| side.map(|Ohlc { open, high, low, close }| OhlcView { open, high, low, close });
    CandleView { at: *at, bid: side(*bid), ask: side(*ask) }
}

/// The pair of the query; without one there is an error.
async fn pair(state: &AppState, query: &Parameters, errors: &mut Vec<FieldError>) -> Option<Pair> {
    let Some(text) = query.text("pair") else {
        errors.push(FieldError::new(
            "pair",
            FieldCode::Missing,
            "is missing: two tokens, such as `SOL/USDC`",
        ));
        return None;
    };
    match search::pair(state, text).await {
        Ok([base, quote]) if base == quote => {
            errors.push(FieldError::new("pair", FieldCode::SameToken, "must be two different tokens"));
            None
        }
        Ok(pair) => Some(pair),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}
