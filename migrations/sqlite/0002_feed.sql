-- The feed: all events in one order, that of their writing. There is one writer, so the order of
-- positions is the order of commits.
CREATE TABLE order_events_with_position (
    position integer PRIMARY KEY, -- one more than the last; unlike a bare rowid it survives a VACUUM
    order_id blob NOT NULL REFERENCES orders (id),
    seq      integer NOT NULL CHECK (seq >= 1),
    status   text NOT NULL,
    kind     text NOT NULL,
    attempt  integer NOT NULL CHECK (attempt >= 0),
    at       integer NOT NULL,
    data     text NOT NULL,
    UNIQUE (order_id, seq)
) STRICT;

INSERT INTO order_events_with_position (order_id, seq, status, kind, attempt, at, data)
SELECT order_id, seq, status, kind, attempt, at, data FROM order_events ORDER BY rowid;

DROP TABLE order_events;
ALTER TABLE order_events_with_position RENAME TO order_events;
