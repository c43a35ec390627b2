//! Records requests to cancel.

use std::collections::HashMap;

use domain::{
    AccountId, Order,
    ports::{Cancel, Cancellation, Claim, Fence, PARKED_AFTER},
};
use sqlx::{AssertSqlSafe, PgConnection, types::Uuid};
use time::OffsetDateTime;

use super::{
    super::{
        parking,
        request::Written,
        row::{ACTIVE, ClaimedRow, OrderRow, decode, micros},
    },
    Answers, ORDER,
};

/// An order whose cancellation is on record.
struct RequestedRow {
    claimed: ClaimedRow,
    /// Whether it was claimed for the caller.
    is_free: bool,
}

database::from_row!(RequestedRow { is_free } with claimed);

/// Records requests for different orders, and claims those orders that are not executing.
pub(super) async fn all(
    connection: &mut PgConnection,
    asked: &[(usize, &Cancel)],
    answers: &mut Answers,
) -> sqlx::Result<()> {
    let mut cancellations = HashMap::with_capacity(asked.len());
    for row in request(connection, asked).await? {
        let RequestedRow { claimed: ClaimedRow { order, lost_claims, .. }, is_free } = row;
        let lease_epoch = u64::try_from(order.lease_epoch).map_err(decode)?;
        let order = Order::try_from(order)?;
        let id = order.id;
        let cancellation = if is_free {
            let fence = Fence { order_id: id, lease_epoch };
            let lost_claims = u32::try_from(lost_claims).map_err(decode)?;
            Cancellation::Claimed(Box::new(Claim { fence, order, unresolved: None, lost_claims }))
        } else {
            Cancellation::Requested(Box::new(order))
        };
        cancellations.insert(id, cancellation);
    }
    if cancellations.len() < asked.len() {
        for row in stored(connection, asked).await? {
            let order = Order::try_from(row)?;
            cancellations.entry(order.id).or_insert_with(|| Cancellation::Ended(Box::new(order)));
        }
    }
    for (position, cancel) in asked {
        let found = cancellations.remove(&cancel.id).filter(|found| is_of(found, cancel.account));
        answers[*position] = Some(Written::Cancel(found.unwrap_or(Cancellation::Unknown)));
    }
    Ok(())
}

fn is_of(cancellation: &Cancellation, account: AccountId) -> bool {
    match cancellation {
        Cancellation::Unknown => true,
        Cancellation::Ended(order) | Cancellation::Requested(order) => order.account == account,
        Cancellation::Claimed(claim) => claim.order.account == account,
    }
}

/// Whether an order is free is decided on the locked row, and what was decided comes back with it.
async fn request(
    connection: &mut PgConnection,
    asked: &[(usize, &Cancel)],
) -> sqlx::Result<Vec<RequestedRow>> {
    let sql = format!(
        "WITH target AS (
             SELECT id AS target_id, unresolved_attempt IS NULL
                    AND (lease_owner IS NULL OR lease_until <= clock_timestamp()
                         OR lost_claims > {PARKED_AFTER}) AS is_free
             FROM orders WHERE id = ANY($1) AND {ACTIVE} ORDER BY id FOR NO KEY UPDATE
         )
         UPDATE orders SET cancel_requested_at = COALESCE(cancel_requested_at, asked_at),
             cancel_requested_after = COALESCE(cancel_requested_after, last_seq),
             lease_epoch = CASE WHEN is_free THEN lease_epoch + 1 ELSE lease_epoch END,
             lease_owner = CASE WHEN is_free THEN asked_by ELSE lease_owner END,
             lost_claims = CASE WHEN is_free THEN lost_claims + 1 ELSE lost_claims END,
             lease_until = CASE WHEN is_free THEN clock_timestamp() + {held} * interval '1 microsecond'
                                ELSE lease_until END,
             wake_at = CASE WHEN is_free
                            THEN LEAST(wake_at, clock_timestamp() + {held} * interval '1 microsecond')
                            ELSE wake_at END,
             timed_at = CASE WHEN is_free THEN clock_timestamp() ELSE timed_at END
         FROM target, UNNEST($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::bigint[])
              AS asked (asked_id, asked_account, asked_at, asked_by, lease)
         WHERE id = ANY($1) AND id = target_id AND id = asked_id AND account_id = asked_account
         RETURNING {ORDER}, unresolved_attempt, GREATEST(lost_claims - 1, 0) AS lost_claims, is_free",
        held = parking::lease("lease", "(lost_claims + 1)"),
    );
    sqlx::query_as(AssertSqlSafe(sql))
        .bind(column(asked, |cancel| cancel.id.0))
        .bind(column(asked, |cancel| cancel.account.0))
        .bind(column(asked, |cancel| OffsetDateTime::from(cancel.at)))
        .bind(column(asked, |cancel| cancel.by.as_str()))
        .bind(column(asked, |cancel| micros(cancel.lease)))
        .fetch_all(connection)
        .await
}

async fn stored(connection: &mut PgConnection, asked: &[(usize, &Cancel)]) -> sqlx::Result<Vec<OrderRow>> {
    let sql = format!("SELECT {ORDER} FROM orders WHERE id = ANY($1)");
    let ids: Vec<Uuid> = column(asked, |cancel| cancel.id.0);
    sqlx::query_as(AssertSqlSafe(sql)).bind(ids).fetch_all(connection).await
}

fn column<'a, T>(asked: &[(usize, &'a Cancel)], value: impl Fn(&'a Cancel) -> T) -> Vec<T> {
    asked.iter().map(|(_, cancel)| value(cancel)).collect()
}
