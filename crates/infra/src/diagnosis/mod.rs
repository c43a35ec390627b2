//! What a server that the configuration names is like, for whoever wants to know before an engine uses
//! it. Nothing is changed there, and no message shows a password.

mod postgres;
mod redis;

pub use self::{
    postgres::{Migrations, PostgresState, postgres},
    redis::{RedisState, redis},
};
