-- Finds parked orders among all others: those that lost five claims in a row.
CREATE INDEX orders_parked ON orders (id) WHERE lost_claims >= 5 AND wake_at IS NOT NULL;
