use std::path::PathBuf;

/// Where the simulated chain keeps its transaction log. Not `Debug`, because a URL may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub enum LogLocation {
    /// In a table of this database, by its URL; it may be the engine's own.
    Postgres(String),
    /// In this file, which must not be the engine's own.
    Sqlite(PathBuf),
    /// Nowhere durable.
    Memory,
}
