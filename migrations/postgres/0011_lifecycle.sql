-- Orders that rest, are canceled or expire. The table is rewritten once for the generated column; older
-- processes go on working beside this version, but know nothing of a request to cancel.
ALTER TABLE orders
    ADD COLUMN next_attempt_at timestamptz, -- NULL: it does not wait for an attempt
    ADD COLUMN cancel_requested_at timestamptz, -- NULL: the owner has not asked to cancel it
    ADD COLUMN cancel_requested_after bigint, -- the last event then; no attempt comes after it
    -- What a status means for admission, sweeping and listings. Unlike the status it changes once or twice in an
    -- order's life, so an index may mention it.
    ADD COLUMN phase text NOT NULL GENERATED ALWAYS AS (CASE
        WHEN status IN ('open', 'held') THEN 'resting'
        WHEN status IN ('confirmed', 'failed', 'canceled', 'expired') THEN status
        ELSE 'in_flight' END) STORED,
    DROP CONSTRAINT orders_status_check,
    DROP CONSTRAINT orders_due_until_terminal,
    DROP CONSTRAINT orders_terminal_is_resolved,
    ADD CONSTRAINT orders_status_check CHECK (status IN ('pending', 'open', 'held', 'routing', 'building',
        'submitted', 'confirmed', 'failed', 'canceled', 'expired')),
    -- An order in flight that is not due at some time would be lost. One that rests is due when it expires, if
    -- it does, or when a claim of it runs out.
    ADD CONSTRAINT orders_due_while_in_flight CHECK (CASE
        WHEN status IN ('confirmed', 'failed', 'canceled', 'expired') THEN wake_at IS NULL
        ELSE wake_at IS NOT NULL OR status IN ('open', 'held') END),
    -- Only what was submitted may land.
    ADD CONSTRAINT orders_unresolved_only_in_flight CHECK (unresolved_attempt IS NULL
        OR status NOT IN ('open', 'held', 'confirmed', 'failed', 'canceled', 'expired')),
    ADD CONSTRAINT orders_cancel_request_whole
        CHECK ((cancel_requested_at IS NULL) = (cancel_requested_after IS NULL));

-- Listings by status and the counts of admission.
CREATE INDEX orders_by_phase ON orders (phase, account_id, id DESC);
DROP INDEX orders_open;
DROP INDEX orders_confirmed;
DROP INDEX orders_failed;
