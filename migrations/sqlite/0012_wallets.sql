-- Wallets, and the books of what orders hold in them and move.
ALTER TABLE orders ADD COLUMN network_fees INTEGER NOT NULL DEFAULT 0; -- charged for its attempts so far, lamports

CREATE TABLE wallets (
    id             BLOB PRIMARY KEY, -- an account's default wallet has the account's id
    account_id     BLOB NOT NULL REFERENCES accounts (id),
    name           TEXT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind = 'paper' OR kind = 'live'),
    epoch          INTEGER NOT NULL CHECK (epoch >= 0), -- how often it was reset
    created_at     INTEGER NOT NULL,
    epoch_began_at INTEGER NOT NULL,
    UNIQUE (account_id, name)
) STRICT;

-- What happened in a wallet, only ever appended: one row for each step of an order that moves tokens, and for each
-- deposit and withdrawal.
CREATE TABLE entries (
    position  INTEGER PRIMARY KEY AUTOINCREMENT,
    wallet_id BLOB NOT NULL,
    cause     BLOB NOT NULL, -- the order, or the transfer
    seq       INTEGER NOT NULL, -- the order's event; 0: a transfer
    attempt   INTEGER NOT NULL, -- the attempt of the event; the epoch that a reset begins; 0: a deposit or a withdrawal
    at        INTEGER NOT NULL,
    postings  TEXT NOT NULL
) STRICT;
CREATE INDEX entries_by_wallet ON entries (wallet_id, position);
-- Nothing is entered twice.
CREATE UNIQUE INDEX entries_by_cause ON entries (cause, seq);

-- The sums of the entries.
CREATE TABLE balances (
    wallet_id BLOB NOT NULL,
    mint      TEXT NOT NULL,
    total     INTEGER NOT NULL, -- base units, what is held included
    held      INTEGER NOT NULL CHECK (held >= 0), -- for orders that have not ended
    free      INTEGER NOT NULL GENERATED ALWAYS AS (total - held) STORED CHECK (free >= 0),
    PRIMARY KEY (wallet_id, mint)
) STRICT, WITHOUT ROWID;
