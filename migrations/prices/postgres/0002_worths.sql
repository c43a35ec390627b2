-- What wallets were worth, by minute. For charts.
CREATE TABLE wallet_worths (
    wallet_id uuid NOT NULL,
    minute bigint NOT NULL, -- since the Unix epoch
    worth bigint NOT NULL, -- base units of USDC
    PRIMARY KEY (wallet_id, minute)
);

-- What is too old to keep.
CREATE INDEX wallet_worths_by_minute ON wallet_worths (minute);
