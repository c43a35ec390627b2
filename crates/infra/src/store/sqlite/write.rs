//! Writes.

use std::time::Duration;

use domain::{
    AccountId, OrderId, OrderStatus, Timestamp,
    ports::{
        Accepted, Attempt, AttemptChange, Claim, Commit, CommitOutcome, DueAction, DueOrder, Fence,
        PARKED_AFTER,
    },
};
use sqlx::{
    AssertSqlSafe, SqliteConnection,
    types::{Json, Uuid},
};

use super::{
    super::{
        parking,
        request::{Write, Written},
        row::{
            ACTIVE, AttemptColumns, AttemptRow, ClaimChange, ClaimedRow, decode, encode, lamports, micros,
        },
    },
    ATTEMPT, ORDER, accept,
    books::Books,
    cancel, effects,
    events::NewEvents,
};

/// Carries out writes in their order, in the transaction of `connection`.
pub(super) async fn all(
    connection: &mut SqliteConnection,
    writes: &[Write],
    now: i64,
) -> sqlx::Result<Vec<Written>> {
    let (mut events, mut books) = (NewEvents::default(), Books::default());
    let mut written = Vec::with_capacity(writes.len());
    for write in writes {
        written.push(one(connection, write, now, &mut events, &mut books).await?);
    }
    events.append(connection).await?;
    books.write(connection).await?;
    Ok(written)
}

async fn one<'a>(
    connection: &mut SqliteConnection,
    write: &'a Write,
    now: i64,
    events: &mut NewEvents<'a>,
    books: &mut Books,
) -> sqlx::Result<Written> {
    Ok(match write {
        Write::Accept(asked) => {
            let accepted = accept::accept(connection, asked, now, books).await?;
            if accepted == Accepted::Created {
                events.add(asked.order.id, [&asked.event]);
                effects::all(connection, &asked.effects, now, events, books).await?;
            }
            Written::Accept(accepted)
        }
        Write::Claim { id, worker, lease } => {
            Written::Claim(claim(connection, *id, worker, *lease, now).await?.map(Box::new))
        }
        Write::Renew { fence, lease } => Written::Renew(renew(connection, *fence, *lease, now).await?),
        Write::Release { fence, due_after } => {
            release(connection, *fence, *due_after, now).await?;
            Written::Release
        }
        Write::Unpark { account, id } => Written::Unpark(unpark(connection, *account, *id, now).await?),
        Write::Cancel(asked) => Written::Cancel(cancel::cancel(connection, asked, now).await?),
        Write::Commit(change) => {
            let outcome = commit(connection, change, now).await?;
            if outcome == CommitOutcome::Committed {
                events.add(change.fence.order_id, &change.events);
                if let Some(entry) = change.entry() {
                    books.settle(connection, entry).await?;
                }
                effects::all(connection, &change.effects, now, events, books).await?;
            }
            Written::Commit(outcome)
        }
        Write::LeaseDue { limit, redeliver_after } => {
            Written::LeaseDue(lease_due(connection, *limit, *redeliver_after, now).await?)
        }
        Write::OpenWallet { wallet, opening } => {
            Written::OpenWallet(books.open(connection, wallet, opening).await?)
        }
        Write::Transfer(transfer) => Written::Transfer(books.transfer(connection, transfer).await?),
    })
}

async fn claim(
    connection: &mut SqliteConnection,
    id: OrderId,
    worker: &str,
    lease: Duration,
    now: i64,
) -> sqlx::Result<Option<Claim>> {
    let sql = format!(
        "UPDATE orders SET lease_epoch = lease_epoch + 1, lease_owner = $2, lost_claims = lost_claims + 1,
             lease_until = $4 + {held}, wake_at = min(ifnull(wake_at, $4 + {held}), $4 + {held}), timed_at = $4
         WHERE id = $1 AND {ACTIVE} AND (lease_until IS NULL OR lease_until <= $4)
         RETURNING {ORDER}, unresolved_attempt, lost_claims - 1 AS lost_claims",
        held = parking::lease("$3", "(lost_claims + 1)"),
    );
    let row: Option<ClaimedRow> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(id.0)
        .bind(worker)
        .bind(micros(lease))
        .bind(now)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(ClaimedRow { order, unresolved_attempt, lost_claims }) = row else { return Ok(None) };
    let unresolved = match unresolved_attempt {
        Some(_) => Some(unresolved(connection, id).await?),
        None => None,
    };
    let lease_epoch = u64::try_from(order.lease_epoch).map_err(decode)?;
    let fence = Fence { order_id: id, lease_epoch };
    let lost_claims = u32::try_from(lost_claims).map_err(decode)?;
    Ok(Some(Claim { fence, order: order.try_into()?, unresolved, lost_claims }))
}

/// The attempt that the order's row names; that it is there decides whether another one may be sent.
async fn unresolved(connection: &mut SqliteConnection, id: OrderId) -> sqlx::Result<Attempt> {
    let sql = format!("SELECT {ATTEMPT} FROM attempts WHERE order_id = $1 AND state = 'unresolved'");
    let row: AttemptRow = sqlx::query_as(AssertSqlSafe(sql)).bind(id.0).fetch_one(connection).await?;
    Attempt::try_from(row)
}

/// The epoch alone decides: a lease that ran out and was not taken over may still be extended.
async fn renew(
    connection: &mut SqliteConnection,
    fence: Fence,
    lease: Duration,
    now: i64,
) -> sqlx::Result<bool> {
    let sql = format!(
        "UPDATE orders SET lease_until = $4 + {held}, wake_at = min(ifnull(wake_at, $4 + {held}), $4 + {held}), timed_at = $4
         WHERE id = $1 AND lease_epoch = $2 AND {ACTIVE}",
        held = parking::lease("$3", "lost_claims"),
    );
    let renewed = sqlx::query(AssertSqlSafe(sql))
        .bind(fence.order_id.0)
        .bind(i64::try_from(fence.lease_epoch).map_err(encode)?)
        .bind(micros(lease))
        .bind(now)
        .execute(connection)
        .await?;
    Ok(renewed.rows_affected() == 1)
}

/// One that rests is due when it is to be inspected again, and may be claimed before.
async fn release(
    connection: &mut SqliteConnection,
    fence: Fence,
    due_after: Duration,
    now: i64,
) -> sqlx::Result<()> {
    let sql = format!(
        "UPDATE orders SET lease_epoch = lease_epoch + 1, lease_owner = NULL,
             lease_until = CASE WHEN phase = 'resting' THEN NULL ELSE $3 END,
             wake_at = CASE WHEN phase = 'resting' THEN $3 ELSE min(ifnull(wake_at, $3), $3) END,
             lost_claims = max(lost_claims - 1, 0), timed_at = $4
         WHERE id = $1 AND lease_epoch = $2 AND {ACTIVE}"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(fence.order_id.0)
        .bind(i64::try_from(fence.lease_epoch).map_err(encode)?)
        .bind(now.saturating_add(micros(due_after)))
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}

/// A claim that holds a parked order is void, whether its worker lives or not.
async fn unpark(
    connection: &mut SqliteConnection,
    account: AccountId,
    id: OrderId,
    now: i64,
) -> sqlx::Result<bool> {
    let sql = format!(
        "UPDATE orders SET lost_claims = 0, lease_epoch = lease_epoch + 1, lease_owner = NULL,
             lease_until = NULL, wake_at = min(ifnull(wake_at, $3), $3), timed_at = $3
         WHERE id = $1 AND account_id = $2 AND lost_claims > {PARKED_AFTER} AND {ACTIVE}"
    );
    let unparked =
        sqlx::query(AssertSqlSafe(sql)).bind(id.0).bind(account.0).bind(now).execute(connection).await?;
    Ok(unparked.rows_affected() == 1)
}

async fn commit(connection: &mut SqliteConnection, commit: &Commit, now: i64) -> sqlx::Result<CommitOutcome> {
    if !update_order(connection, commit, now).await? {
        return Ok(match cancel::request_against(connection, commit).await? {
            Some(request) => CommitOutcome::CancelRequested(request),
            None => CommitOutcome::Fenced,
        });
    }
    match &commit.change {
        None => {}
        Some(AttemptChange::Open(attempt)) => open_attempt(connection, attempt).await?,
        Some(AttemptChange::Resolve { number, signature, state, network_fee }) => {
            let resolved = sqlx::query(
                "UPDATE attempts SET state = $1, resolved_at = $2, network_fee = $6
                 WHERE order_id = $3 AND number = $4 AND signature = $5 AND state = 'unresolved'",
            )
            .bind(state.as_str())
            .bind(commit.order.updated_at.unix_micros())
            .bind(commit.fence.order_id.0)
            .bind(i64::from(*number))
            .bind(signature.as_str())
            .bind(lamports(*network_fee)?)
            .execute(connection)
            .await?;
            if resolved.rows_affected() != 1 {
                return Err(sqlx::Error::RowNotFound); // rolls everything back
            }
        }
    }
    Ok(CommitOutcome::Committed)
}

/// The compare-and-set on the order's row: whether fence, sequence and attempt record are still as expected.
async fn update_order(connection: &mut SqliteConnection, commit: &Commit, now: i64) -> sqlx::Result<bool> {
    let order = &commit.order;
    let claim = ClaimChange::from(commit.then);
    let change = AttemptColumns::from(commit.change.as_ref());
    let updated = sqlx::query(
        "UPDATE orders SET status = $4, attempt = $5, last_seq = $6, updated_at = $7, fill = $8, failure = $9,
             unresolved_attempt = CASE WHEN $10 THEN $12 ELSE unresolved_attempt END,
             lease_epoch = CASE WHEN $13 THEN lease_epoch + 1 ELSE lease_epoch END,
             lease_owner = CASE WHEN $13 THEN NULL ELSE lease_owner END,
             lease_until = CASE WHEN $13 THEN $14 ELSE lease_until END,
             wake_at = CASE WHEN $13 THEN $14 ELSE wake_at END,
             timed_at = CASE WHEN $13 THEN $15 ELSE timed_at END,
             lost_claims = CASE WHEN $10 OR $13 THEN 0 ELSE lost_claims END,
             next_attempt_at = $16, network_fees = $18
         WHERE id = $1 AND lease_epoch = $2 AND last_seq = $3
           AND (NOT $10 OR unresolved_attempt IS NOT DISTINCT FROM $11)
           AND NOT ($17 AND cancel_requested_at IS NOT NULL)",
    )
    .bind(order.id.0)
    .bind(i64::try_from(commit.fence.lease_epoch).map_err(encode)?)
    .bind(i64::from(commit.expected_seq()))
    .bind(order.status.as_str())
    .bind(i64::from(order.attempt))
    .bind(i64::from(order.last_seq))
    .bind(order.updated_at.unix_micros())
    .bind(order.fill.as_ref().map(Json))
    .bind(order.failure.as_ref().map(Json))
    .bind(change.touches)
    .bind(change.before)
    .bind(change.after)
    .bind(claim.ends)
    .bind(claim.due_in_micros.map(|due| now.saturating_add(due)))
    .bind(now)
    .bind(order.next_attempt_at.map(Timestamp::unix_micros))
    .bind(commit.leads_to_attempt())
    .bind(i64::try_from(order.network_fees.0).map_err(encode)?)
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

async fn open_attempt(connection: &mut SqliteConnection, attempt: &Attempt) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO attempts (order_id, number, venue, signature, signed_bytes, last_valid_block_height,
                               state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(attempt.order_id.0)
    .bind(i64::from(attempt.number))
    .bind(attempt.venue.as_str())
    .bind(attempt.transaction.signature.as_str())
    .bind(&attempt.transaction.bytes)
    .bind(i64::try_from(attempt.transaction.last_valid_block_height).map_err(encode)?)
    .bind(attempt.state.as_str())
    .bind(attempt.created_at.unix_micros())
    .execute(connection)
    .await
    .map(drop)
}

async fn lease_due(
    connection: &mut SqliteConnection,
    limit: u32,
    redeliver_after: Duration,
    now: i64,
) -> sqlx::Result<Vec<DueOrder>> {
    let due: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT id, status FROM orders WHERE wake_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
         ORDER BY wake_at LIMIT $2",
    )
    .bind(now)
    .bind(i64::from(limit))
    .fetch_all(&mut *connection)
    .await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = due.iter().map(|(id, _)| id.simple().to_string()).collect();
    sqlx::query(
        "UPDATE orders SET wake_at = $2, timed_at = $3 WHERE id IN (SELECT unhex(value) FROM json_each($1))",
    )
    .bind(Json(ids))
    .bind(now.saturating_add(micros(redeliver_after)))
    .bind(now)
    .execute(connection)
    .await?;
    let due = due
        .into_iter()
        .map(|(id, status)| DueOrder { id: OrderId(id), action: DueAction::of(OrderStatus::named(&status)) });
    Ok(due.collect())
}
