//! Extends claims and gives them back. The epoch alone decides: a lease that ran out and that no other worker
//! took may still be extended.

use std::{collections::HashSet, time::Duration};

use domain::{
    AccountId, OrderId,
    ports::{Fence, PARKED_AFTER},
};
use sqlx::{AssertSqlSafe, PgConnection, types::Uuid};

use super::{
    super::{
        parking,
        request::Written,
        row::{ACTIVE, encode, micros},
    },
    Answers,
};

/// Extends leases of different orders.
pub(super) async fn renew_all(
    connection: &mut PgConnection,
    asked: &[(usize, Fence, Duration)],
    answers: &mut Answers,
) -> sqlx::Result<()> {
    let sql = format!(
        "UPDATE orders SET timed_at = clock_timestamp(),
             lease_until = clock_timestamp() + {held} * interval '1 microsecond',
             wake_at = LEAST(wake_at, clock_timestamp() + {held} * interval '1 microsecond')
         FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[]) AS asked (asked_id, asked_epoch, lease)
         WHERE id = ANY($1) AND id = asked_id AND lease_epoch = asked_epoch AND {ACTIVE}
         RETURNING id",
        held = parking::lease("lease", "lost_claims"),
    );
    let renewed: Vec<Uuid> = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(asked.iter().map(|(_, fence, _)| fence.order_id.0).collect::<Vec<_>>())
        .bind(asked.iter().map(|(_, fence, _)| epoch(*fence)).collect::<Result<Vec<_>, _>>()?)
        .bind(asked.iter().map(|(_, _, lease)| micros(*lease)).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let renewed: HashSet<Uuid> = renewed.into_iter().collect();
    for (position, fence, _) in asked {
        answers[*position] = Some(Written::Renew(renewed.contains(&fence.order_id.0)));
    }
    Ok(())
}

/// Gives back claims of different orders. One that rests is due when it is to be inspected again, and may be claimed
/// before.
pub(super) async fn release_all(
    connection: &mut PgConnection,
    asked: &[(usize, Fence, Duration)],
    answers: &mut Answers,
) -> sqlx::Result<()> {
    let sql = format!(
        "UPDATE orders SET lease_epoch = lease_epoch + 1, lease_owner = NULL, timed_at = clock_timestamp(),
             lease_until = CASE WHEN phase = 'resting' THEN NULL
                                ELSE clock_timestamp() + due_after * interval '1 microsecond' END,
             wake_at = CASE WHEN phase = 'resting'
                            THEN clock_timestamp() + due_after * interval '1 microsecond'
                            ELSE LEAST(wake_at, clock_timestamp() + due_after * interval '1 microsecond') END,
             lost_claims = GREATEST(lost_claims - 1, 0)
         FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[]) AS asked (asked_id, asked_epoch, due_after)
         WHERE id = ANY($1) AND id = asked_id AND lease_epoch = asked_epoch AND {ACTIVE}"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(asked.iter().map(|(_, fence, _)| fence.order_id.0).collect::<Vec<_>>())
        .bind(asked.iter().map(|(_, fence, _)| epoch(*fence)).collect::<Result<Vec<_>, _>>()?)
        .bind(asked.iter().map(|(_, _, due_after)| micros(*due_after)).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    for (position, ..) in asked {
        answers[*position] = Some(Written::Release);
    }
    Ok(())
}

/// Resumes parked orders. A claim that holds one is void, whether its worker lives or not.
pub(super) async fn unpark_all(
    connection: &mut PgConnection,
    asked: &[(usize, AccountId, OrderId)],
    answers: &mut Answers,
) -> sqlx::Result<()> {
    let sql = format!(
        "UPDATE orders SET lost_claims = 0, lease_epoch = lease_epoch + 1, lease_owner = NULL,
             lease_until = NULL, wake_at = LEAST(wake_at, clock_timestamp()), timed_at = clock_timestamp()
         FROM UNNEST($1::uuid[], $2::uuid[]) AS asked (asked_id, asked_account)
         WHERE id = ANY($1) AND id = asked_id AND account_id = asked_account
           AND lost_claims > {PARKED_AFTER} AND {ACTIVE}
         RETURNING id"
    );
    let unparked: Vec<Uuid> = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(asked.iter().map(|(.., id)| id.0).collect::<Vec<_>>())
        .bind(asked.iter().map(|(_, account, _)| account.0).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let unparked: HashSet<Uuid> = unparked.into_iter().collect();
    for (position, _, id) in asked {
        answers[*position] = Some(Written::Unpark(unparked.contains(&id.0)));
    }
    Ok(())
}

/// A fence's epoch as the column has it.
pub(super) fn epoch(fence: Fence) -> sqlx::Result<i64> {
    i64::try_from(fence.lease_epoch).map_err(encode)
}
