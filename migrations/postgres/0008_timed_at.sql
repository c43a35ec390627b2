-- What the database's clock showed when `wake_at` or `lease_until` was last set. A row that was timed in the
-- future tells that the clock has stepped back since, and how long the wait was meant to be.
-- NULL: not set since this column exists.
ALTER TABLE orders ADD COLUMN timed_at timestamptz;
