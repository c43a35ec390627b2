-- Finds the orders of a client's own label; earlier versions called it clientId.
CREATE INDEX orders_by_tag ON orders (account_id, coalesce(spec ->> 'tag', spec ->> 'clientId'), id)
    WHERE coalesce(spec ->> 'tag', spec ->> 'clientId') IS NOT NULL;
