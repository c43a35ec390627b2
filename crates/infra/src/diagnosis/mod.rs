//! The state of a configured server, or of the file in its place, checked before an engine uses it. Nothing is changed there, and no message shows a password.

mod migrations;
mod postgres;
mod redis;
mod sqlite;
mod transaction;

pub use self::{
    migrations::Migrations,
    postgres::{PostgresState, postgres},
    redis::{RedisState, redis},
    sqlite::sqlite,
    transaction::{OpenTransaction, open_transactions},
};
