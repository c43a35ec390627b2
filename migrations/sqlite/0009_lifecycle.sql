-- Orders that rest, are canceled or expire. SQLite cannot change a constraint, so the table is made anew; it is
-- done without foreign keys, for the rows that refer to it stay as they are.
CREATE TABLE orders_with_lifecycle (
    id                     blob NOT NULL PRIMARY KEY, -- a UUIDv7: the order of ids is the order of creation
    account_id             blob NOT NULL REFERENCES accounts (id),
    client_order_id        text, -- NULL: the owner gave the order no id of their own
    idempotency_key        text, -- NULL: the request came without an Idempotency-Key
    fingerprint            blob NOT NULL CHECK (length(fingerprint) = 32),
    spec                   text NOT NULL,
    status                 text NOT NULL CHECK (status IN ('pending', 'open', 'held', 'routing', 'building',
        'submitted', 'confirmed', 'failed', 'canceled', 'expired')),
    attempt                integer NOT NULL CHECK (attempt >= 0),
    last_seq               integer NOT NULL CHECK (last_seq >= 1),
    created_at             integer NOT NULL,
    updated_at             integer NOT NULL,
    fill                   text, -- NULL: not confirmed
    failure                text, -- NULL: no attempt has failed
    wake_at                integer, -- due then, or when the lease ends if that is later; NULL: not by itself
    lease_epoch            integer NOT NULL DEFAULT 0, -- grows with every claim and with every end of one
    lease_until            integer, -- NULL: anybody may claim it now
    lease_owner            text, -- NULL: nobody executes it
    unresolved_attempt     integer, -- NULL: the outcome of every attempt is known
    lost_claims            integer NOT NULL DEFAULT 0, -- claims in a row whose worker died
    timed_at               integer, -- the clock of waits when `wake_at` or `lease_until` was last set
    next_attempt_at        integer, -- NULL: it does not wait for an attempt
    cancel_requested_at    integer, -- NULL: the owner has not asked to cancel it
    cancel_requested_after integer, -- the last event then; no attempt comes after it
    -- What a status means for admission, sweeping and listings. Unlike the status it changes once or twice in an
    -- order's life, so an index may mention it.
    phase text NOT NULL GENERATED ALWAYS AS (CASE
        WHEN status IN ('open', 'held') THEN 'resting'
        WHEN status IN ('confirmed', 'failed', 'canceled', 'expired') THEN status
        ELSE 'in_flight' END) VIRTUAL,

    -- An order in flight that is not due at some time would be lost. One that rests is due when it expires, if
    -- it does, or when a claim of it runs out.
    CONSTRAINT orders_due_while_in_flight CHECK (CASE
        WHEN status IN ('confirmed', 'failed', 'canceled', 'expired') THEN wake_at IS NULL
        ELSE wake_at IS NOT NULL OR status IN ('open', 'held') END),
    CONSTRAINT orders_confirmed_with_fill CHECK ((fill IS NOT NULL) = (status = 'confirmed')),
    -- Only what was submitted may land.
    CONSTRAINT orders_unresolved_only_in_flight CHECK (unresolved_attempt IS NULL
        OR status NOT IN ('open', 'held', 'confirmed', 'failed', 'canceled', 'expired')),
    CONSTRAINT orders_cancel_request_whole
        CHECK ((cancel_requested_at IS NULL) = (cancel_requested_after IS NULL))
) STRICT;

INSERT INTO orders_with_lifecycle (id, account_id, client_order_id, idempotency_key, fingerprint, spec, status,
    attempt, last_seq, created_at, updated_at, fill, failure, wake_at, lease_epoch, lease_until, lease_owner,
    unresolved_attempt, lost_claims, timed_at)
SELECT id, account_id, client_order_id, idempotency_key, fingerprint, spec, status,
    attempt, last_seq, created_at, updated_at, fill, failure, wake_at, lease_epoch, lease_until, lease_owner,
    unresolved_attempt, lost_claims, timed_at
FROM orders;

DROP TABLE orders;
ALTER TABLE orders_with_lifecycle RENAME TO orders;

CREATE UNIQUE INDEX orders_idempotency_key ON orders (account_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX orders_client_order_id ON orders (account_id, client_order_id)
    WHERE client_order_id IS NOT NULL;
-- The sweeper: what is due, longest waiting first. Finished orders, nearly all of them, are not in it.
CREATE INDEX orders_wake_at ON orders (wake_at) WHERE wake_at IS NOT NULL;
-- Listings, newest first: all of an account's orders, those of one status, parked ones, and those of a tag. No
-- index mentions the status itself, because every step changes it.
CREATE INDEX orders_by_account ON orders (account_id, id DESC);
CREATE INDEX orders_by_phase ON orders (phase, account_id, id DESC);
CREATE INDEX orders_parked ON orders (id) WHERE lost_claims > 5 AND wake_at IS NOT NULL;
CREATE INDEX orders_by_tag ON orders (account_id, coalesce(spec ->> 'tag', spec ->> 'clientId'), id)
    WHERE coalesce(spec ->> 'tag', spec ->> 'clientId') IS NOT NULL;
