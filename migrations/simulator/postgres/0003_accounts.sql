-- Token accounts that are open. The first transaction to land that needs one opened it, and paid its rent.
CREATE TABLE simulated_accounts (
    address   text PRIMARY KEY,
    opened_by text NOT NULL -- the signature of that transaction
);
CREATE INDEX simulated_accounts_by_opener ON simulated_accounts (opened_by);
