-- The same tables with checks that compare one value at a time. SQLite builds a temporary table for every IN list
-- of more than two values each time it evaluates one, which took a sixth of an order's CPU time. SQLite cannot
-- change a constraint, so the tables are rebuilt, without foreign keys: the rows that refer to them stay as they are.
CREATE TABLE orders_rebuilt (
    id                     blob NOT NULL PRIMARY KEY, -- a UUIDv7: the order of ids is the order of creation
    account_id             blob NOT NULL REFERENCES accounts (id),
    client_order_id        text, -- NULL: the owner gave the order no id of their own
    idempotency_key        text, -- NULL: the request came without an Idempotency-Key
    fingerprint            blob NOT NULL CHECK (length(fingerprint) = 32),
    spec                   text NOT NULL,
    status                 text NOT NULL CHECK (CASE status
        WHEN 'pending' THEN 1
        WHEN 'open' THEN 1
        WHEN 'held' THEN 1
        WHEN 'routing' THEN 1
        WHEN 'building' THEN 1
        WHEN 'submitted' THEN 1
        WHEN 'confirmed' THEN 1
        WHEN 'failed' THEN 1
        WHEN 'canceled' THEN 1
        WHEN 'expired' THEN 1
        ELSE 0 END),
    attempt                integer NOT NULL CHECK (attempt >= 0),
    last_seq               integer NOT NULL CHECK (last_seq >= 1),
    created_at             integer NOT NULL,
    updated_at             integer NOT NULL,
    fill                   text, -- NULL: not confirmed
    failure                text, -- NULL: no attempt has failed
    wake_at                integer, -- due then, or when the lease ends if that is later; NULL: not by itself
    lease_epoch            integer NOT NULL DEFAULT 0, -- grows with every claim and with every end of one
    lease_until            integer, -- NULL: free to be claimed
    lease_owner            text, -- NULL: not executing
    unresolved_attempt     integer, -- NULL: the outcome of every attempt is known
    lost_claims            integer NOT NULL DEFAULT 0, -- claims in a row whose worker died
    timed_at               integer, -- the clock of waits when `wake_at` or `lease_until` was last set
    next_attempt_at        integer, -- NULL: it does not wait for an attempt
    cancel_requested_at    integer, -- NULL: the owner has not asked to cancel it
    cancel_requested_after integer, -- the last event then; no attempt comes after it
    -- What a status means for admission, sweeping and listings. Unlike the status it changes once or twice in an
    -- order's life, so an index may mention it.
    phase text NOT NULL GENERATED ALWAYS AS (CASE status
        WHEN 'open' THEN 'resting'
        WHEN 'held' THEN 'resting'
        WHEN 'confirmed' THEN 'confirmed'
        WHEN 'failed' THEN 'failed'
        WHEN 'canceled' THEN 'canceled'
        WHEN 'expired' THEN 'expired'
        ELSE 'in_flight' END) VIRTUAL,

    -- An order in flight that is not due at some time would be lost. One that rests is due when it expires, if
    -- it does, or when a claim of it runs out.
    CONSTRAINT orders_due_while_in_flight CHECK (CASE phase
        WHEN 'in_flight' THEN wake_at IS NOT NULL
        WHEN 'resting' THEN 1
        ELSE wake_at IS NULL END),
    CONSTRAINT orders_confirmed_with_fill CHECK ((fill IS NOT NULL) = (status = 'confirmed')),
    -- Only what was submitted may land.
    CONSTRAINT orders_unresolved_only_in_flight CHECK (unresolved_attempt IS NULL OR phase = 'in_flight'),
    CONSTRAINT orders_cancel_request_whole
        CHECK ((cancel_requested_at IS NULL) = (cancel_requested_after IS NULL))
) STRICT;

INSERT INTO orders_rebuilt (id, account_id, client_order_id, idempotency_key, fingerprint, spec, status, attempt, last_seq,
    created_at, updated_at, fill, failure, wake_at, lease_epoch, lease_until, lease_owner, unresolved_attempt,
    lost_claims, timed_at, next_attempt_at, cancel_requested_at, cancel_requested_after)
SELECT id, account_id, client_order_id, idempotency_key, fingerprint, spec, status, attempt, last_seq,
    created_at, updated_at, fill, failure, wake_at, lease_epoch, lease_until, lease_owner, unresolved_attempt,
    lost_claims, timed_at, next_attempt_at, cancel_requested_at, cancel_requested_after
FROM orders;

DROP TABLE orders;
ALTER TABLE orders_rebuilt RENAME TO orders;

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

CREATE TABLE attempts_rebuilt (
    order_id                blob NOT NULL REFERENCES orders (id),
    number                  integer NOT NULL CHECK (number >= 1),
    venue                   text NOT NULL,
    signature               text NOT NULL UNIQUE,
    signed_bytes            blob NOT NULL, -- kept to send the same bytes again, which is the same transaction
    last_valid_block_height integer NOT NULL,
    state                   text NOT NULL CHECK (CASE state
        WHEN 'unresolved' THEN 1
        WHEN 'landed' THEN 1
        WHEN 'reverted' THEN 1
        WHEN 'expired' THEN 1
        ELSE 0 END),
    created_at              integer NOT NULL,
    resolved_at             integer, -- NULL: it may have been sent and it may land
    PRIMARY KEY (order_id, number),
    CONSTRAINT attempts_resolved_with_time CHECK ((resolved_at IS NULL) = (state = 'unresolved'))
) STRICT;

INSERT INTO attempts_rebuilt (order_id, number, venue, signature, signed_bytes, last_valid_block_height, state,
    created_at, resolved_at)
SELECT order_id, number, venue, signature, signed_bytes, last_valid_block_height, state, created_at, resolved_at
FROM attempts;

DROP TABLE attempts;
ALTER TABLE attempts_rebuilt RENAME TO attempts;

-- Two transactions of one order that may both land would execute it twice.
CREATE UNIQUE INDEX attempts_one_unresolved ON attempts (order_id) WHERE state = 'unresolved';
