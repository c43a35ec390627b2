-- Prices of pairs at venues, by minute. For charts: rounded, and nothing is decided by them.
CREATE TABLE price_candles (
    base text NOT NULL, -- mints
    quote text NOT NULL,
    minute bigint NOT NULL, -- since the Unix epoch
    venue text NOT NULL,
    bid_open double precision, -- NULL: the venue did not quote
    bid_high double precision,
    bid_low double precision,
    bid_close double precision,
    ask_open double precision,
    ask_high double precision,
    ask_low double precision,
    ask_close double precision,
    PRIMARY KEY (base, quote, minute, venue)
);

-- What is too old to keep.
CREATE INDEX price_candles_by_minute ON price_candles (minute);
