-- The feed: all events in one order, by the transaction that wrote them. Transactions commit in another
-- order than they begin in, so a reader stops before the oldest one that is still under way: what is
-- behind it can never change any more.
--
-- Transactions that began earlier have smaller ids, also across restarts, failovers and physical copies.
-- A dump that is restored into another cluster brings ids that mean nothing there; see
-- docs/ARCHITECTURE.md, "Delivery".
ALTER TABLE order_events ADD COLUMN transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id();

-- Only the transaction: a batch of writes is one entry, and the few events of one transaction are put in
-- order as they are read.
CREATE INDEX order_events_feed ON order_events (transaction_id);
