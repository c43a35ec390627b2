-- The ledger of the simulated chain: every transaction that arrived, by its signature and nothing
-- else. A row is complete when it is inserted and never changes; until `settles_at` its outcome only
-- has not happened yet.
CREATE TABLE simulated_transactions (
    signature    text PRIMARY KEY,
    signed_bytes bytea, -- NULL: a tombstone; it expired without having arrived and can no longer arrive
    received_at  timestamptz NOT NULL,
    settles_at   timestamptz NOT NULL,
    outcome      text NOT NULL CHECK (outcome IN ('landed', 'reverted', 'expired')),
    slot         bigint, -- NULL: it is in no block
    amount_in    numeric(20, 0), -- NULL: nothing was swapped; base units need all 64 bits
    amount_out   numeric(20, 0), -- NULL: nothing was swapped
    fee          numeric(20, 0), -- NULL: nothing was swapped
    failure      jsonb, -- NULL: the program returned no error

    CONSTRAINT simulated_transactions_tombstone CHECK (signed_bytes IS NOT NULL OR outcome = 'expired'),
    CONSTRAINT simulated_transactions_slot CHECK ((slot IS NULL) = (outcome = 'expired')),
    CONSTRAINT simulated_transactions_landed CHECK (
        (outcome = 'landed') = (amount_in IS NOT NULL)
        AND (outcome = 'landed') = (amount_out IS NOT NULL)
        AND (outcome = 'landed') = (fee IS NOT NULL)),
    CONSTRAINT simulated_transactions_reverted CHECK ((outcome = 'reverted') = (failure IS NOT NULL))
);
