//! What happens to the servers while they run.

use std::time::Duration;

use sqlx::{Executor, PgConnection};
use tokio::time::{sleep, timeout};

use super::super::cluster::Cluster;

/// How long a server that is alive takes at most for what is asked here.
const DONE_WITHIN: Duration = Duration::from_secs(2);
/// How long another client uses up transaction ids before a crash: long enough that followers see them.
const FOREIGN_LOAD: Duration = Duration::from_secs(1);

/// Sends a command to Redis. Whether it was carried out.
pub(super) async fn ask_redis(cluster: &Cluster, command: &[&str]) -> anyhow::Result<bool> {
    if !cluster.redis.is_running() {
        return Ok(false);
    }
    let client = redis::Client::open(cluster.redis.url())?;
    let asked = async {
        let mut redis = client.get_multiplexed_async_connection().await?;
        redis::cmd(command[0]).arg(&command[1..]).exec_async(&mut redis).await
    };
    Ok(timeout(DONE_WITHIN, asked).await.is_ok_and(|done| done.is_ok()))
}

/// Makes the server refuse writes, or accept them again. Whether it worked.
pub(super) async fn set_read_only(cluster: &Cluster, is_read_only: bool) -> bool {
    let value = if is_read_only { "on" } else { "off" };
    let answered = async {
        let mut database = cluster.database().await?;
        let sql = format!("ALTER SYSTEM SET default_transaction_read_only = {value}");
        database.execute(sqlx::AssertSqlSafe(sql)).await?;
        database.execute("SELECT pg_reload_conf()").await
    };
    timeout(DONE_WITHIN, answered).await.is_ok_and(|answered| answered.is_ok())
}

/// Whether the server fails a write.
pub(super) async fn cannot_write(cluster: &Cluster) -> bool {
    let written = async {
        let mut database = cluster.database().await?;
        database.execute("CREATE TABLE IF NOT EXISTS written_by_chaos (id int)").await?;
        database.execute("INSERT INTO written_by_chaos VALUES (1)").await
    };
    timeout(DONE_WITHIN, written).await.is_ok_and(|written| written.is_err())
}

/// Uses up ids of transactions that leave nothing in the server's log, up to a crash, which gives them out
/// again. Whether it has begun.
pub(super) async fn use_up_ids(cluster: &Cluster) -> bool {
    let Ok(Ok(mut database)) = timeout(DONE_WITHIN, cluster.database()).await else { return false };
    tokio::spawn(async move {
        let forever = "DO $$ BEGIN LOOP PERFORM pg_current_xact_id(); ROLLBACK; PERFORM pg_sleep(0.001); END LOOP; END $$";
        let _ = database.execute(forever).await; // until the server ends
    });
    sleep(FOREIGN_LOAD).await;
    true
}

/// Locks some open orders in a transaction that stays open for a while. Whether it has any.
pub(super) async fn hold_rows(cluster: &Cluster, lasts: Duration) -> bool {
    let held = async {
        let mut database = cluster.database().await?;
        database.execute("BEGIN").await?;
        database.execute("SELECT pg_current_xact_id()").await?;
        let sql = "SELECT 1 FROM orders WHERE wake_at IS NOT NULL LIMIT 5 FOR UPDATE SKIP LOCKED";
        let rows = database.fetch_all(sql).await?.len();
        sqlx::Result::<(usize, PgConnection)>::Ok((rows, database))
    };
    let Ok(Ok((rows, database))) = timeout(DONE_WITHIN, held).await else { return false };
    tokio::spawn(async move {
        sleep(lasts).await;
        drop(database); // which ends its transaction
    });
    rows > 0
}
