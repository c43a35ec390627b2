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

use super::named;
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
    query.check_names(&["pair"], &mut errors);
    refuse_query(errors)?;
    let pair = pair.ok_or_else(Problem::internal)?;
    Ok(Json(state.ticker.now(pair).await.view(state.tokens.as_ref())).into_response())
}

/// How prices of a pair moved, by venue.
///
/// Only the pairs in `PRICE_PAIRS` are recorded, plus any pair while a client watches it. At most 1,000 candles for each
/// venue: the last ones before `to`, unless `from` is given. Candles are whole, also the first and the last, except for
/// the one that has not ended.
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
    query.check_names(&["pair", "interval", "from", "to"], &mut errors);
    refuse_query(errors)?;
    let pair = pair.ok_or_else(Problem::internal)?;
    let interval = interval.unwrap_or_default();
    let (from, to) = bounds(interval.minutes(), from, to, state.clock.now());
    let found = state.ticker.candles(pair, interval.minutes(), from, to).await;
    let found = found.map_err(|_| {
        let detail = "the price history is unavailable; repeat the request";
        Problem::new(Code::StoreUnavailable, detail)
    })?;
    let venues = found
        .into_iter()
        .map(|(venue, candles)| VenueCandlesView { venue, candles: candles.iter().map(view).collect() });
    let view = CandlesView {
        pair: prices::name(pair, state.tokens.as_ref()).into(),
        interval,
        venues: venues.collect(),
    };
    Ok(Json(view).into_response())
}

/// Where the first candle begins and where the last one ends: only candles that begin within what was asked for, and
/// these whole.
fn bounds(
    minutes: u32,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    now: Timestamp,
) -> (Timestamp, Timestamp) {
    let interval = Duration::from_mins(minutes.into());
    let longest = interval * MOST;
    // the beginning of the first candle at a time or after it
    let first = |at: Timestamp| {
        let start = Candle::start(at, minutes);
        if start < at { start + interval } else { start }
    };
    match (from.map(first), to.map(first)) {
        (Some(from), to) => (from, to.map_or(from + longest, |to| to.min(from + longest))),
        (None, to) => {
            let to = to.unwrap_or_else(|| Candle::start(now, minutes) + interval);
            let micros = i64::try_from(longest.as_micros()).unwrap_or(i64::MAX);
            (Timestamp::from_unix_micros(to.unix_micros().saturating_sub(micros)), to)
        }
    }
}

fn view(Candle { at, bid, ask, .. }: &Candle) -> CandleView {
    let side =
        |side: Option<Ohlc>| side.map(|Ohlc { open, high, low, close }| OhlcView { open, high, low, close });
    CandleView { at: *at, bid: side(*bid), ask: side(*ask) }
}

/// The pair of the query; without one there is an error.
async fn pair(state: &AppState, query: &Parameters, errors: &mut Vec<FieldError>) -> Option<Pair> {
    let Some(text) = query.text("pair") else {
        errors.push(FieldError::new("pair", FieldCode::Missing, "is required: two tokens, such as SOL/USDC"));
        return None;
    };
    match named::pair(state, text).await {
        Ok(pair) => Some(pair),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64, millis: i64) -> Timestamp {
        Timestamp::from_unix_millis(minute * 60_000 + millis)
    }

    #[test]
    fn candles_begin_within_the_bounds_and_are_whole() {
        let now = at(10_003, 5);
        let (whole, part) = (at(10_000, 0), at(9_998, 1));
        assert_eq!(bounds(5, Some(whole), Some(at(10_010, 0)), now), (whole, at(10_010, 0)));
        assert_eq!(bounds(5, Some(part), Some(at(10_006, 0)), now), (whole, at(10_010, 0)));
        assert_eq!(bounds(5, Some(whole), None, now), (whole, at(15_000, 0)), "at most 1,000");
        assert_eq!(bounds(5, Some(whole), Some(at(90_000, 0)), now), (whole, at(15_000, 0)));
        assert_eq!(bounds(5, None, Some(part), now), (at(5_000, 0), whole));
        assert_eq!(bounds(5, None, None, now), (at(5_005, 0), at(10_005, 0)), "the current one included");
        assert_eq!(bounds(5, Some(at(10_001, 0)), Some(at(10_002, 0)), now).1, at(10_005, 0));
    }
}
