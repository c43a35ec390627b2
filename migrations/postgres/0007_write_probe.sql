-- Written to find out whether orders can be written while none is: a row a session, by its process id.
CREATE TABLE write_probe (
    id integer PRIMARY KEY,
    written_at timestamptz NOT NULL
);
