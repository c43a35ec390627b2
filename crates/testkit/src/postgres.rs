//! Private databases on the server of `TEST_DATABASE_URL`.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, UNIX_EPOCH},
};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// Creates an empty database of its own for the caller and returns its URL. It is left behind: the
/// test run throws the whole server away.
///
/// # Panics
/// When `TEST_DATABASE_URL` is not set or its server cannot be reached.
pub async fn fresh_database() -> String {
    let server = server();
    let mut connection = PgConnection::connect_with(&server).await.unwrap_or_else(|error| {
        panic!("the PostgreSQL server of TEST_DATABASE_URL does not answer: {error}")
    });
    let name = unique_name();
    // Creating databases from one template at once can collide, which passes.
    let mut tries = 0;
    while let Err(error) =
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await
    {
        tries += 1;
        assert!(tries < 100, "cannot create a database on the server of TEST_DATABASE_URL: {error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.database(&name).to_url_lossy().to_string()
}

fn server() -> PgConnectOptions {
    std::env::var("TEST_DATABASE_URL")
        .expect("TEST_DATABASE_URL is not set; run ./scripts/test.sh")
        .parse()
        .expect("TEST_DATABASE_URL is no PostgreSQL URL")
}

/// Unique among the test processes that share a server, also after a process id came back.
fn unique_name() -> String {
    #[expect(clippy::disallowed_methods, reason = "a name, not a time anything depends on")]
    let started = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("test_{}_{started}_{count}", std::process::id())
}
