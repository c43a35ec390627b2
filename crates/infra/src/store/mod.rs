//! The order store: `PostgreSQL` or `SQLite`.
