-- The newest swaps, which pools remember, and the last entry, from which the chain's time goes on.
CREATE INDEX simulated_transactions_by_arrival ON simulated_transactions (received_at);
