-- Written to find out whether orders can be written while none is: one row, as large as an order's pages.
CREATE TABLE write_probe (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    filler BLOB NOT NULL
);
