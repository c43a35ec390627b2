-- Prices of pairs at venues, by minute. For charts: rounded, and nothing is decided by them.
CREATE TABLE price_candles (
    base TEXT NOT NULL, -- mints
    quote TEXT NOT NULL,
    minute INTEGER NOT NULL, -- since the Unix epoch
    venue TEXT NOT NULL,
    bid_open REAL, -- NULL: the venue did not quote
    bid_high REAL,
    bid_low REAL,
    bid_close REAL,
    ask_open REAL,
    ask_high REAL,
    ask_low REAL,
    ask_close REAL,
    PRIMARY KEY (base, quote, minute, venue)
) WITHOUT ROWID, STRICT;

-- What is too old to keep.
CREATE INDEX price_candles_by_minute ON price_candles (minute);
