-- Every order, idempotency key and client order id belongs to an account.
CREATE TABLE accounts (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The one account that exists until accounts have keys of their own.
INSERT INTO accounts (id, name) VALUES ('00000000-0000-0000-0000-000000000000', 'default');

-- Where every order stands: the fold of its events, and when somebody should look at it next.
--
-- An order is rewritten a handful of times within seconds and then rests. The free part of each page
-- lets a new row version land beside the old one, so that updates which change no indexed column (a
-- claim, every step but the last) need no new index entries (HOT). Orders come and move on in groups,
-- so it takes half a page for a group to find its place.
CREATE TABLE orders (
    id                 uuid PRIMARY KEY, -- a UUIDv7: the order of ids is the order of creation
    account_id         uuid NOT NULL REFERENCES accounts (id),
    client_order_id    text, -- NULL: the owner gave the order no id of their own
    idempotency_key    text, -- NULL: the request came without an Idempotency-Key
    fingerprint        bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    spec               jsonb NOT NULL,
    status             text NOT NULL
        CHECK (status IN ('pending', 'routing', 'building', 'submitted', 'confirmed', 'failed')),
    attempt            bigint NOT NULL CHECK (attempt >= 0),
    last_seq           bigint NOT NULL CHECK (last_seq >= 1),
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    fill               jsonb, -- NULL: not confirmed
    failure            jsonb, -- NULL: no attempt has failed
    wake_at            timestamptz, -- due then, or when the lease ends if that is later; NULL: terminal, never again
    lease_epoch        bigint NOT NULL DEFAULT 0, -- grows with every claim and with every end of one
    lease_until        timestamptz, -- NULL: anybody may claim it now
    lease_owner        text, -- NULL: nobody executes it; for people, the epoch alone decides
    unresolved_attempt bigint, -- NULL: the outcome of every attempt is known

    -- An order that is neither terminal nor due at some time would be lost.
    CONSTRAINT orders_due_until_terminal
        CHECK ((wake_at IS NULL) = (status IN ('confirmed', 'failed'))),
    CONSTRAINT orders_confirmed_with_fill CHECK ((fill IS NOT NULL) = (status = 'confirmed')),
    -- A terminal order has nothing left that may land.
    CONSTRAINT orders_terminal_is_resolved
        CHECK (unresolved_attempt IS NULL OR status NOT IN ('confirmed', 'failed'))
) WITH (fillfactor = 50);

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
    order_id uuid NOT NULL REFERENCES orders (id),
    seq      bigint NOT NULL CHECK (seq >= 1),
    status   text NOT NULL,
    kind     text NOT NULL,
    attempt  bigint NOT NULL CHECK (attempt >= 0),
    at       timestamptz NOT NULL,
    data     jsonb NOT NULL,
    PRIMARY KEY (order_id, seq)
);

-- The ledger of attempts. A row is written before its transaction is sent, so whatever may land is
-- on record here.
CREATE TABLE attempts (
    order_id                uuid NOT NULL REFERENCES orders (id),
    number                  bigint NOT NULL CHECK (number >= 1),
    venue                   text NOT NULL,
    signature               text NOT NULL UNIQUE,
    signed_bytes            bytea NOT NULL, -- kept to send the same bytes again, which is the same transaction
    last_valid_block_height bigint NOT NULL,
    state                   text NOT NULL CHECK (state IN ('unresolved', 'landed', 'reverted', 'expired')),
    created_at              timestamptz NOT NULL,
    resolved_at             timestamptz, -- NULL: it may have been sent and it may land
    PRIMARY KEY (order_id, number),
    CONSTRAINT attempts_resolved_with_time CHECK ((resolved_at IS NULL) = (state = 'unresolved'))
);

-- Two transactions of one order that may both land would execute it twice.
CREATE UNIQUE INDEX attempts_one_unresolved ON attempts (order_id) WHERE state = 'unresolved';
