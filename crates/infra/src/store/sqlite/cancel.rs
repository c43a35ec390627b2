//! Records requests to cancel.

use domain::{
    CancelRequest, Order, Timestamp,
    ports::{Cancel, Cancellation, Claim, Commit, Fence, PARKED_AFTER},
};
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::{
    super::{
        parking,
        row::{OrderRow, decode, encode, micros},
    },
    ORDER,
};

struct FoundRow {
    order: OrderRow,
    lost_claims: i64,
    /// Whether it is not executing and nothing of it may land.
    is_free: bool,
}

database::from_row!(FoundRow { lost_claims, is_free } with order);

/// Records a request, and claims the order if it is not executing.
pub(super) async fn cancel(
    connection: &mut SqliteConnection,
    asked: &Cancel,
    now: i64,
) -> sqlx::Result<Cancellation> {
    let sql = format!(
        "SELECT {ORDER}, lost_claims, unresolved_attempt IS NULL AND
             (lease_owner IS NULL OR lease_until <= $3 OR lost_claims > {PARKED_AFTER}) AS is_free
         FROM orders WHERE id = $1 AND account_id = $2"
    );
    let found: Option<FoundRow> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(asked.id.0)
        .bind(asked.account.0)
        .bind(now)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(FoundRow { order, lost_claims, is_free }) = found else { return Ok(Cancellation::Unknown) };
    let lease_epoch = u64::try_from(order.lease_epoch).map_err(decode)?;
    let mut order = Order::try_from(order)?;
    if order.status.is_terminal() {
        return Ok(Cancellation::Ended(Box::new(order)));
    }
    let request = CancelRequest { at: asked.at, after_seq: order.last_seq };
    let request = *order.cancel_request.get_or_insert(request);
    put_on_record(connection, asked, request).await?;
    if !is_free {
        return Ok(Cancellation::Requested(Box::new(order)));
    }
    claim(connection, asked, now).await?;
    let fence = Fence { order_id: order.id, lease_epoch: lease_epoch + 1 };
    let lost_claims = u32::try_from(lost_claims).map_err(decode)?;
    Ok(Cancellation::Claimed(Box::new(Claim { fence, order, unresolved: None, lost_claims })))
}

async fn put_on_record(
    connection: &mut SqliteConnection,
    asked: &Cancel,
    request: CancelRequest,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE orders SET cancel_requested_at = $2, cancel_requested_after = $3 WHERE id = $1")
        .bind(asked.id.0)
        .bind(request.at.unix_micros())
        .bind(i64::from(request.after_seq))
        .execute(connection)
        .await
        .map(drop)
}

async fn claim(connection: &mut SqliteConnection, asked: &Cancel, now: i64) -> sqlx::Result<()> {
    let sql = format!(
        "UPDATE orders SET lease_epoch = lease_epoch + 1, lease_owner = $2, lost_claims = lost_claims + 1,
             lease_until = $4 + {held}, wake_at = min(ifnull(wake_at, $4 + {held}), $4 + {held}), timed_at = $4
         WHERE id = $1",
        held = parking::lease("$3", "(lost_claims + 1)"),
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(asked.id.0)
        .bind(&asked.by)
        .bind(micros(asked.lease))
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}

/// The request that stands against a commit whose claim still holds, if it leads to an attempt.
pub(super) async fn request_against(
    connection: &mut SqliteConnection,
    commit: &Commit,
) -> sqlx::Result<Option<CancelRequest>> {
    if !commit.leads_to_attempt() {
        return Ok(None);
    }
    let row: Option<(i64, i64)> = sqlx::query_as(
        "SELECT cancel_requested_at, cancel_requested_after FROM orders
         WHERE id = $1 AND lease_epoch = $2 AND last_seq = $3 AND cancel_requested_at IS NOT NULL",
    )
    .bind(commit.fence.order_id.0)
    .bind(i64::try_from(commit.fence.lease_epoch).map_err(encode)?)
    .bind(i64::from(commit.expected_seq()))
    .fetch_optional(connection)
    .await?;
    row.map(|(at, after)| {
        let after_seq = u32::try_from(after).map_err(decode)?;
        Ok(CancelRequest { at: Timestamp::from_unix_micros(at), after_seq })
    })
    .transpose()
}
