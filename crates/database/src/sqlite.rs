//! `SQLite`.

use futures::{FutureExt, future::BoxFuture};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{Pool, PoolOptions};

/// A pool over one file. For writing give it one connection: `SQLite` has one writer at a time.
pub fn pool(options: SqliteConnectOptions, limits: PoolOptions) -> Pool<SqliteConnection> {
    let options = std::sync::Arc::new(options);
    Pool::new(limits, alive, move || {
        let options = options.clone();
        async move { SqliteConnection::connect_with(&options).await }
    })
}

/// The file is local: that the connection's thread lives is all that needs asking.
fn alive(connection: &mut SqliteConnection) -> BoxFuture<'_, sqlx::Result<()>> {
    connection.ping().boxed()
}
