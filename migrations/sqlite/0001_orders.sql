-- The same tables as in PostgreSQL. Ids are the 16 bytes of a UUID, times are microseconds since the
-- Unix epoch, JSON is text.

-- Every order, idempotency key and client order id belongs to an account.
CREATE TABLE accounts (
    id         blob NOT NULL PRIMARY KEY,
    name       text NOT NULL,
    created_at integer NOT NULL
) STRICT;

-- The one account that exists until accounts have keys of their own.
INSERT INTO accounts (id, name, created_at)
VALUES (x'00000000000000000000000000000000', 'default', unixepoch() * 1000000);

-- Where every order stands: the fold of its events, and when somebody should look at it next.
CREATE TABLE orders (
    id                 blob NOT NULL PRIMARY KEY, -- a UUIDv7: the order of ids is the order of creation
    account_id         blob NOT NULL REFERENCES accounts (id),
    client_order_id    text, -- NULL: the owner gave the order no id of their own
    idempotency_key    text, -- NULL: the request came without an Idempotency-Key
    fingerprint        blob NOT NULL CHECK (length(fingerprint) = 32),
    spec               text NOT NULL,
    status             text NOT NULL
        CHECK (status IN ('pending', 'routing', 'building', 'submitted', 'confirmed', 'failed')),
    attempt            integer NOT NULL CHECK (attempt >= 0),
    last_seq           integer NOT NULL CHECK (last_seq >= 1),
    created_at         integer NOT NULL,
    updated_at         integer NOT NULL,
    fill               text, -- NULL: not confirmed
    failure            text, -- NULL: no attempt has failed
    wake_at            integer, -- due then, or when the lease ends if that is later; NULL: terminal, never again
    lease_epoch        integer NOT NULL DEFAULT 0, -- grows with every claim and with every end of one
    lease_until        integer, -- NULL: anybody may claim it now
    lease_owner        text, -- NULL: nobody executes it; for people, the epoch alone decides
    unresolved_attempt integer, -- NULL: the outcome of every attempt is known

    -- An order that is neither terminal nor due at some time would be lost.
    CONSTRAINT orders_due_until_terminal
        CHECK ((wake_at IS NULL) = (status IN ('confirmed', 'failed'))),
    CONSTRAINT orders_confirmed_with_fill CHECK ((fill IS NOT NULL) = (status = 'confirmed')),
    -- A terminal order has nothing left that may land.
    CONSTRAINT orders_terminal_is_resolved
        CHECK (unresolved_attempt IS NULL OR status NOT IN ('confirmed', 'failed'))
) STRICT;

CREATE UNIQUE INDEX orders_idempotency_key ON orders (account_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX orders_client_order_id ON orders (account_id, client_order_id)
    WHERE client_order_id IS NOT NULL;
-- The sweeper: what is due, longest waiting first. Finished orders, nearly all of them, are not in it.
CREATE INDEX orders_wake_at ON orders (wake_at) WHERE wake_at IS NOT NULL;
-- Listings, newest first: all of an account's orders, or those of one status. No index mentions the
-- status itself, because every step changes it; what tells the terminal ones apart changes only at the
-- end. The open ones are told apart by reading them, for they are few beside the finished ones.
CREATE INDEX orders_by_account ON orders (account_id, id DESC);
CREATE INDEX orders_open ON orders (account_id, id DESC) WHERE wake_at IS NOT NULL;
CREATE INDEX orders_confirmed ON orders (account_id, id DESC) WHERE fill IS NOT NULL;
CREATE INDEX orders_failed ON orders (account_id, id DESC) WHERE wake_at IS NULL AND fill IS NULL;

-- What happened to every order. Append-only; `seq` is gapless within an order and begins at 1.
CREATE TABLE order_events (
    order_id blob NOT NULL REFERENCES orders (id),
    seq      integer NOT NULL CHECK (seq >= 1),
    status   text NOT NULL,
    kind     text NOT NULL,
    attempt  integer NOT NULL CHECK (attempt >= 0),
    at       integer NOT NULL,
    data     text NOT NULL,
    PRIMARY KEY (order_id, seq)
) STRICT;

-- The ledger of attempts. A row is written before its transaction is sent, so whatever may land is
-- on record here.
CREATE TABLE attempts (
    order_id                blob NOT NULL REFERENCES orders (id),
    number                  integer NOT NULL CHECK (number >= 1),
    venue                   text NOT NULL,
    signature               text NOT NULL UNIQUE,
    signed_bytes            blob NOT NULL, -- kept to send the same bytes again, which is the same transaction
    last_valid_block_height integer NOT NULL,
    state                   text NOT NULL CHECK (state IN ('unresolved', 'landed', 'reverted', 'expired')),
    created_at              integer NOT NULL,
    resolved_at             integer, -- NULL: it may have been sent and it may land
    PRIMARY KEY (order_id, number),
    CONSTRAINT attempts_resolved_with_time CHECK ((resolved_at IS NULL) = (state = 'unresolved'))
) STRICT;

-- Two transactions of one order that may both land would execute it twice.
CREATE UNIQUE INDEX attempts_one_unresolved ON attempts (order_id) WHERE state = 'unresolved';
