-- What the chain charged for an attempt, lamports, whether it landed or reverted. NULL: it is not resolved, it never
-- landed, or it was resolved by a version that did not keep it.
ALTER TABLE attempts ADD COLUMN network_fee bigint;
