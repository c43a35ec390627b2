-- Finds parked orders among all others: five claims were lost before the last one, which counts too.
CREATE INDEX orders_parked ON orders (id) WHERE lost_claims > 5 AND wake_at IS NOT NULL;
