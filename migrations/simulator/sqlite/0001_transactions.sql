-- The ledger of the simulated chain: every transaction that arrived, by its signature and nothing
-- else. A row is complete when it is inserted and never changes; until `settles_at` its outcome only
-- has not happened yet. Times are microseconds since the Unix epoch.
CREATE TABLE simulated_transactions (
    signature    TEXT PRIMARY KEY,
    signed_bytes BLOB, -- NULL: a tombstone; it expired without having arrived and can no longer arrive
    received_at  INTEGER NOT NULL,
    settles_at   INTEGER NOT NULL,
    outcome      TEXT NOT NULL CHECK (outcome IN ('landed', 'reverted', 'expired')),
    slot         INTEGER, -- NULL: it is in no block
    amount_in    TEXT, -- NULL: nothing was swapped; a text, for base units need all 64 bits
    amount_out   TEXT, -- NULL: nothing was swapped
    fee          TEXT, -- NULL: nothing was swapped
    failure      TEXT, -- NULL: the program returned no error; JSON

    CONSTRAINT simulated_transactions_tombstone CHECK (signed_bytes IS NOT NULL OR outcome = 'expired'),
    CONSTRAINT simulated_transactions_slot CHECK ((slot IS NULL) = (outcome = 'expired')),
    CONSTRAINT simulated_transactions_landed CHECK (
        (outcome = 'landed') = (amount_in IS NOT NULL)
        AND (outcome = 'landed') = (amount_out IS NOT NULL)
        AND (outcome = 'landed') = (fee IS NOT NULL)),
    CONSTRAINT simulated_transactions_reverted CHECK ((outcome = 'reverted') = (failure IS NOT NULL))
) STRICT;
