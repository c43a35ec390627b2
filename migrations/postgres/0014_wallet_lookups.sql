-- Names of wallets are unique without regard to case. Where names already differ in case alone, the oldest wallet's
-- counts; the others keep theirs.
ALTER TABLE wallets ADD COLUMN name_key text; -- the name in lower case; NULL: an older wallet has it
UPDATE wallets SET name_key = lower(name COLLATE "C")
    WHERE NOT EXISTS (SELECT FROM wallets AS older
        WHERE older.account_id = wallets.account_id
          AND lower(older.name COLLATE "C") = lower(wallets.name COLLATE "C")
          AND (older.created_at, older.id) < (wallets.created_at, wallets.id));
CREATE UNIQUE INDEX wallets_name_key ON wallets (account_id, name_key);

-- Finds the orders of a wallet other than the default one, which has its account's id: most orders trade from that, and
-- need no index that slows them down. Every order is read once for it, and orders are written only afterwards: about a
-- second for a million of them.
CREATE INDEX orders_by_wallet ON orders (account_id, ((spec -> 'funding' ->> 'wallet')::uuid), id)
    WHERE (spec -> 'funding' ->> 'wallet')::uuid <> account_id;
