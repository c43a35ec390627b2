use domain::{
    Timestamp, VenueId,
    ports::{Candle, Ohlc},
};
use sqlx::{FromRow, Row, decode::Decode, types::Type};

/// The prices of a candle, in the order of their columns.
pub(super) const PRICES: [&str; 8] =
    ["bid_open", "bid_high", "bid_low", "bid_close", "ask_open", "ask_high", "ask_low", "ask_close"];

/// Adds a candle, or goes on with the one that is there. A minimum or maximum with `NULL` differs between the
/// databases, so none is taken.
pub(super) fn upsert(least: &str, greatest: &str) -> String {
    let columns = PRICES.join(", ");
    let changes: Vec<_> = PRICES
        .iter()
        .map(|column| {
            let (old, new) = (format!("price_candles.{column}"), format!("excluded.{column}"));
            let older = format!("COALESCE({old}, {new})");
            let newer = format!("COALESCE({new}, {old})");
            let value = match column.split_once('_') {
                Some((_, "open")) => older,
                Some((_, "high")) => format!("{greatest}({older}, {newer})"),
                Some((_, "low")) => format!("{least}({older}, {newer})"),
                _ => newer,
            };
            format!("{column} = {value}")
        })
        .collect();
    format!(
        "INSERT INTO price_candles (base, quote, minute, venue, {columns})
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (base, quote, minute, venue) DO UPDATE SET {}",
        changes.join(", ")
    )
}

pub(super) fn select() -> String {
    format!(
        "SELECT minute, venue, {} FROM price_candles
         WHERE base = $1 AND quote = $2 AND minute >= $3 AND minute < $4 ORDER BY minute, venue",
        PRICES.join(", ")
    )
}

pub(super) const FORGET: &str = "DELETE FROM price_candles WHERE minute < $1";

const MINUTE_MILLIS: i64 = 60_000;

/// The minute of a time, since the Unix epoch.
pub(super) fn minute(at: Timestamp) -> i64 {
    at.unix_millis().div_euclid(MINUTE_MILLIS)
}

/// The first minute that begins at a time or after it.
pub(super) fn first_minute(at: Timestamp) -> i64 {
    minute(at) + i64::from(at.unix_millis().rem_euclid(MINUTE_MILLIS) != 0)
}

/// In the order of [`PRICES`].
pub(super) fn prices(candle: &Candle) -> impl Iterator<Item = Option<f64>> {
    [candle.bid, candle.ask].into_iter().flat_map(|side| match side {
        Some(Ohlc { open, high, low, close }) => [Some(open), Some(high), Some(low), Some(close)],
        None => [None; 4],
    })
}

/// A candle as it is read.
pub(super) struct CandleRow(pub(super) Candle);

impl<'r, R: Row> FromRow<'r, R> for CandleRow
where
    &'static str: sqlx::ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Option<f64>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let venue: String = row.try_get("venue")?;
        let mut prices = [None; 8];
        for (price, column) in prices.iter_mut().zip(PRICES) {
            *price = row.try_get(column)?;
        }
        let side = |prices: &[Option<f64>]| match *prices {
            [Some(open), Some(high), Some(low), Some(close)] => Some(Ohlc { open, high, low, close }),
            _ => None,
        };
        let minute: i64 = row.try_get("minute")?;
        Ok(Self(Candle {
            at: Timestamp::from_unix_millis(minute * MINUTE_MILLIS),
            venue: venue.parse::<VenueId>().map_err(|error| sqlx::Error::Decode(error.into()))?,
            bid: side(&prices[..4]),
            ask: side(&prices[4..]),
        }))
    }
}
