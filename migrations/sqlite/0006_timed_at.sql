-- What the clock of waits showed when `wake_at` or `lease_until` was last set. At the start the clock goes on
-- from the newest one, so that a wall clock that was set back meanwhile makes nothing wait.
-- NULL: not set since this column exists.
ALTER TABLE orders ADD COLUMN timed_at INTEGER;
