//! Connections that read, and queries that are one text for both databases.

use std::{borrow::Cow, future::Future};

use domain::{
    AccountId, OrderId,
    ports::{FeedCursor, FeedPage, FeedScope},
};
use sqlx::{Connection, FromRow, postgres::PgRow, sqlite::SqliteRow, types::Uuid};

use super::row::{POSTGRES_ATTEMPT, POSTGRES_ORDER, SQLITE_ATTEMPT, SQLITE_ORDER};

/// A database whose SQL differs from the other's.
#[derive(Debug, Clone, Copy)]
pub(super) enum Dialect {
    Postgres,
    Sqlite,
}

impl Dialect {
    /// The columns of an [`OrderRow`](super::row::OrderRow).
    pub(super) const fn order_columns(self) -> &'static str {
        match self {
            Self::Postgres => POSTGRES_ORDER,
            Self::Sqlite => SQLITE_ORDER,
        }
    }

    /// The columns of an [`AttemptRow`](super::row::AttemptRow).
    pub(super) const fn attempt_columns(self) -> &'static str {
        match self {
            Self::Postgres => POSTGRES_ATTEMPT,
            Self::Sqlite => SQLITE_ATTEMPT,
        }
    }

    /// An order's id in hexadecimal digits.
    pub(super) const fn hex_id(self) -> &'static str {
        match self {
            Self::Postgres => "encode(uuid_send(id), 'hex')",
            Self::Sqlite => "lower(hex(id))",
        }
    }

    /// The condition that an order's id is among those of the parameter `$1`.
    pub(super) const fn is_among_ids(self) -> &'static str {
        match self {
            Self::Postgres => "id = ANY($1)",
            Self::Sqlite => "id IN (SELECT unhex(value) FROM json_each($1))",
        }
    }
}

/// A parameter of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parameter {
    Id(Uuid),
    /// One parameter, however many ids it has.
    Ids(Vec<OrderId>),
    Text(String),
    Int(i64),
}

/// A query with its parameters, `$1` and so on.
#[derive(Debug)]
pub(super) struct Select {
    pub(super) sql: Cow<'static, str>,
    pub(super) parameters: Vec<Parameter>,
}

impl Select {
    pub(super) fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { sql: sql.into(), parameters: Vec::new() }
    }

    /// The next parameter: an id.
    pub(super) fn id(self, id: Uuid) -> Self {
        self.with(Parameter::Id(id))
    }

    /// The next parameter: ids of orders.
    pub(super) fn ids(self, ids: &[OrderId]) -> Self {
        self.with(Parameter::Ids(ids.to_vec()))
    }

    /// The next parameter: a text.
    pub(super) fn text(self, text: &str) -> Self {
        self.with(Parameter::Text(text.to_owned()))
    }

    /// The next parameter: a number.
    pub(super) fn int(self, int: impl Into<i64>) -> Self {
        self.with(Parameter::Int(int.into()))
    }

    fn with(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }
}

/// The query of a [`Select`] for one of the databases, which takes several ids in the form that `ids` gives them.
macro_rules! query {
    ($select:expr, $ids:expr) => {{
        let Select { sql, parameters } = $select;
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for parameter in parameters {
            query = match parameter {
                Parameter::Id(id) => query.bind(id),
                Parameter::Ids(ids) => query.bind($ids(ids)),
                Parameter::Text(text) => query.bind(text),
                Parameter::Int(int) => query.bind(int),
            };
        }
        query
    }};
}
pub(super) use query;

/// A row that both databases give.
pub(super) trait Row:
    for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}

impl<R> Row for R where R: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin {}

/// A connection that reads.
pub(super) trait Reader: Connection + Send + 'static {
    /// Whose SQL it understands.
    const DIALECT: Dialect;

    /// All rows of a query.
    fn rows<R: Row>(&mut self, select: Select) -> impl Future<Output = sqlx::Result<Vec<R>>> + Send;

    /// The first row of a query, if it has any.
    fn row<R: Row>(&mut self, select: Select) -> impl Future<Output = sqlx::Result<Option<R>>> + Send;

    /// Events of many orders after a cursor. Each database has its own way to tell which are certain.
    fn feed(
        &mut self,
        account: AccountId,
        scope: &FeedScope,
        after: FeedCursor,
        limit: u32,
    ) -> impl Future<Output = sqlx::Result<FeedPage>> + Send;

    /// The position after everything that is certain now.
    fn feed_end(&mut self) -> impl Future<Output = sqlx::Result<FeedCursor>> + Send;

    /// Whether the event before a cursor exists.
    fn feed_has(&mut self, cursor: FeedCursor) -> impl Future<Output = sqlx::Result<bool>> + Send;

    /// The position of the oldest committed event that the feed does not show yet.
    fn feed_held_at(&mut self) -> impl Future<Output = sqlx::Result<Option<u64>>> + Send {
        std::future::ready(Ok(None))
    }
}
