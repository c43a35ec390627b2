//! `SQLite`.

mod copy;

use std::time::{Duration, Instant};

use futures::{FutureExt, future::BoxFuture};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

pub use copy::copy_together;

use crate::{Pool, PoolOptions, unfit};

/// Steps of `SQLite`'s virtual machine between checks of the time.
const STEPS: i32 = 10_000;

/// A pool over one file. For writing give it one connection: `SQLite` has one writer at a time.
pub fn pool(options: SqliteConnectOptions, limits: PoolOptions) -> Pool<SqliteConnection> {
    let options = std::sync::Arc::new(options);
    Pool::new(limits, alive, move || {
        let options = options.clone();
        async move { SqliteConnection::connect_with(&options).await }
    })
}

/// Checks a file that was just opened for damage: pages that were torn, lost or overwritten. A check that takes
/// longer than `limit` is abandoned, so that large files open too.
///
/// # Errors
/// When the file is damaged or cannot be read.
pub async fn check(connection: &mut SqliteConnection, limit: Duration) -> sqlx::Result<()> {
    let until = Instant::now().checked_add(limit);
    connection
        .lock_handle()
        .await?
        .set_progress_handler(STEPS, move || until.is_none_or(|until| Instant::now() < until));
    let found = sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_one(&mut *connection).await;
    connection.lock_handle().await?.remove_progress_handler();
    match found {
        Ok(found) if found == "ok" => Ok(()),
        Ok(damage) => Err(unfit(format!("the file is damaged ({damage}); restore it from a backup"))),
        Err(error) if is_interrupted(&error) => {
            tracing::info!("the file is too large to be checked for damage within {} s", limit.as_secs());
            Ok(())
        }
        Err(error) => Err(error),
    }
}

fn is_interrupted(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.as_deref() == Some("9")
}

/// The file is local: that the connection's thread lives is all that needs asking.
fn alive(connection: &mut SqliteConnection) -> BoxFuture<'_, sqlx::Result<()>> {
    connection.ping().boxed()
}
