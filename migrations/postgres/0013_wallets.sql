-- Wallets, and the books of what orders hold in them and move.
ALTER TABLE orders
    ADD COLUMN network_fees bigint NOT NULL DEFAULT 0; -- what the chain charged for its attempts so far, lamports

CREATE TABLE wallets (
    id             uuid PRIMARY KEY, -- an account's default wallet has the account's id
    account_id     uuid NOT NULL REFERENCES accounts (id),
    name           text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('paper', 'live')),
    epoch          bigint NOT NULL CHECK (epoch >= 0), -- how often it was reset
    created_at     timestamptz NOT NULL,
    epoch_began_at timestamptz NOT NULL,
    UNIQUE (account_id, name)
);

-- What happened in a wallet, only ever appended: one row for each step of an order that moves tokens, and for each
-- deposit and withdrawal.
CREATE TABLE entries (
    wallet_id uuid NOT NULL,
    position  bigint GENERATED ALWAYS AS IDENTITY,
    cause     uuid NOT NULL, -- the order, or the transfer
    seq       bigint NOT NULL, -- the order's event; 0: a transfer
    attempt   bigint NOT NULL, -- the attempt of the event; the epoch that a reset begins; 0: a deposit or a withdrawal
    at        timestamptz NOT NULL,
    postings  jsonb NOT NULL,
    PRIMARY KEY (wallet_id, position)
);
-- Nothing is entered twice.
CREATE UNIQUE INDEX entries_by_cause ON entries (cause, seq);

-- The sums of the entries. A wallet's rows change with every order of it, so most of a page is free for their
-- next versions.
CREATE TABLE balances (
    wallet_id uuid NOT NULL,
    mint      text NOT NULL,
    total     bigint NOT NULL, -- base units, what is held included
    held      bigint NOT NULL CHECK (held >= 0), -- for orders that have not ended
    free      bigint NOT NULL GENERATED ALWAYS AS (total - held) STORED CHECK (free >= 0),
    PRIMARY KEY (wallet_id, mint)
) WITH (fillfactor = 20);
