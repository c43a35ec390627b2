-- What wallets were worth, by minute. For charts.
CREATE TABLE wallet_worths (
    wallet_id BLOB NOT NULL,
    minute INTEGER NOT NULL, -- since the Unix epoch
    worth INTEGER NOT NULL, -- base units of USDC
    PRIMARY KEY (wallet_id, minute)
) WITHOUT ROWID, STRICT;

-- What is too old to keep.
CREATE INDEX wallet_worths_by_minute ON wallet_worths (minute);
