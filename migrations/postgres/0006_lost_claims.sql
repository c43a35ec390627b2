-- Claims in a row whose worker died: they neither changed the attempt ledger nor ended. Every claim adds one
-- and its holder takes it back, so an order counts for nothing what a store error or a stop interrupted.
ALTER TABLE orders ADD COLUMN lost_claims bigint NOT NULL DEFAULT 0;
