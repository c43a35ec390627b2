use domain::{
    Amount, Timestamp, VenueId,
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

/// Candles of `$5` minutes. The database joins the minutes: an answer is as long as its chart, however many minutes
/// are behind it. The first and the last price of a candle are those of the first and the last minute in which the
/// venue quoted, which the primary key finds.
pub(super) const SELECT: &str = "
    SELECT period.period * $5 AS minute, period.venue AS venue,
        first_bid.bid_open, period.bid_high, period.bid_low, last_bid.bid_close,
        first_ask.ask_open, period.ask_high, period.ask_low, last_ask.ask_close
    FROM (
        SELECT minute / $5 AS period, venue,
            max(bid_high) AS bid_high, min(bid_low) AS bid_low, max(ask_high) AS ask_high, min(ask_low) AS ask_low,
            min(CASE WHEN bid_open IS NOT NULL THEN minute END) AS bid_from,
            max(CASE WHEN bid_open IS NOT NULL THEN minute END) AS bid_to,
            min(CASE WHEN ask_open IS NOT NULL THEN minute END) AS ask_from,
            max(CASE WHEN ask_open IS NOT NULL THEN minute END) AS ask_to
        FROM price_candles
        WHERE base = $1 AND quote = $2 AND minute >= $3 AND minute < $4
        GROUP BY minute / $5, venue
    ) AS period
    LEFT JOIN price_candles AS first_bid ON first_bid.base = $1 AND first_bid.quote = $2
        AND first_bid.minute = period.bid_from AND first_bid.venue = period.venue
    LEFT JOIN price_candles AS last_bid ON last_bid.base = $1 AND last_bid.quote = $2
        AND last_bid.minute = period.bid_to AND last_bid.venue = period.venue
    LEFT JOIN price_candles AS first_ask ON first_ask.base = $1 AND first_ask.quote = $2
        AND first_ask.minute = period.ask_from AND first_ask.venue = period.venue
    LEFT JOIN price_candles AS last_ask ON last_ask.base = $1 AND last_ask.quote = $2
        AND last_ask.minute = period.ask_to AND last_ask.venue = period.venue
    ORDER BY period.period, period.venue";

pub(super) const FORGET: &str = "DELETE FROM price_candles WHERE minute < $1";

pub(super) const RECORD_WORTH: &str =
    "INSERT INTO wallet_worths (wallet_id, minute, worth) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

pub(super) const WORTHS: &str =
    "SELECT minute, worth FROM wallet_worths WHERE wallet_id = $1 AND minute >= $2 ORDER BY minute";

pub(super) const FORGET_WORTHS: &str = "DELETE FROM wallet_worths WHERE minute < $1";

const MINUTE_MILLIS: i64 = 60_000;

/// The minute of a time, since the Unix epoch.
pub(super) fn minute(at: Timestamp) -> i64 {
    at.unix_millis().div_euclid(MINUTE_MILLIS)
}

/// The first minute that begins at a time or after it.
pub(super) fn first_minute(at: Timestamp) -> i64 {
    minute(at) + i64::from(at.unix_millis().rem_euclid(MINUTE_MILLIS) != 0)
}

/// Base units as they are stored; what is beyond them is not worth a chart.
pub(super) fn stored(worth: Amount) -> i64 {
    i64::try_from(worth.0).unwrap_or(i64::MAX)
}

/// What a wallet was worth, as it is read: minute and base units.
pub(super) fn worths(rows: Vec<(i64, i64)>) -> Vec<(Timestamp, Amount)> {
    let read = rows.into_iter().map(|(minute, worth)| {
        let at = Timestamp::from_unix_millis(minute.saturating_mul(MINUTE_MILLIS));
        (at, Amount(u64::try_from(worth).unwrap_or_default()))
    });
    read.collect()
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
