//! Writes transitions: the order's row by compare-and-set, then, for those that passed, events and
//! attempts.

use std::collections::HashSet;

use domain::{
    OrderId,
    ports::{Attempt, Commit, CommitOutcome, LedgerEntry},
};
use sqlx::{PgConnection, types::Json, types::Uuid};
use time::OffsetDateTime;

use super::{
    super::{
        request::Written,
        row::{ClaimChange, LedgerChange, encode},
    },
    Answers, append, lease,
};

/// Commits transitions of different orders.
pub(super) async fn all(
    connection: &mut PgConnection,
    asked: &[(usize, &Commit)],
    answers: &mut Answers,
) -> sqlx::Result<()> {
    let passed = update_orders(connection, asked).await?;
    let mut committed = Vec::with_capacity(passed.len());
    for (position, commit) in asked {
        let is_passed = passed.contains(&commit.fence.order_id);
        let outcome = if is_passed { CommitOutcome::Committed } else { CommitOutcome::Fenced };
        answers[*position] = Some(Written::Commit(outcome));
        if is_passed {
            committed.push(*commit);
        }
    }
    let events: Vec<_> = committed
        .iter()
        .flat_map(|commit| commit.events.iter().map(|event| (commit.fence.order_id, event)))
        .collect();
    if !events.is_empty() {
        append::events(connection, &events).await?;
    }
    let opened: Vec<&Attempt> = committed
        .iter()
        .filter_map(|commit| match &commit.ledger {
            Some(LedgerEntry::Open(attempt)) => Some(attempt),
            _ => None,
        })
        .collect();
    if !opened.is_empty() {
        open_attempts(connection, &opened).await?;
    }
    resolve_attempts(connection, &committed).await
}

/// The compare-and-set on the rows: those whose fence, sequence and ledger still are as expected.
async fn update_orders(
    connection: &mut PgConnection,
    asked: &[(usize, &Commit)],
) -> sqlx::Result<HashSet<OrderId>> {
    let claims: Vec<_> = asked.iter().map(|(_, commit)| ClaimChange::from(commit.then)).collect();
    let ledgers: Vec<_> =
        asked.iter().map(|(_, commit)| LedgerChange::from(commit.ledger.as_ref())).collect();
    let passed: Vec<Uuid> = sqlx::query_scalar(UPDATE_ORDERS)
        .bind(column(asked, |commit| commit.fence.order_id.0))
        .bind(asked.iter().map(|(_, commit)| lease::epoch(commit.fence)).collect::<Result<Vec<_>, _>>()?)
        .bind(column(asked, |commit| i64::from(commit.expected_seq())))
        .bind(column(asked, |commit| commit.order.status.as_str()))
        .bind(column(asked, |commit| i64::from(commit.order.attempt)))
        .bind(column(asked, |commit| i64::from(commit.order.last_seq)))
        .bind(column(asked, |commit| OffsetDateTime::from(commit.order.updated_at)))
        .bind(column(asked, |commit| commit.order.fill.as_ref().map(Json)))
        .bind(column(asked, |commit| commit.order.failure.as_ref().map(Json)))
        .bind(ledgers.iter().map(|ledger| ledger.touches).collect::<Vec<_>>())
        .bind(ledgers.iter().map(|ledger| ledger.before).collect::<Vec<_>>())
        .bind(ledgers.iter().map(|ledger| ledger.after).collect::<Vec<_>>())
        .bind(claims.iter().map(|claim| claim.ends).collect::<Vec<_>>())
        .bind(claims.iter().map(|claim| claim.due_in_micros).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    Ok(passed.into_iter().map(OrderId).collect())
}

const UPDATE_ORDERS: &str = "
    UPDATE orders SET status = new.status, attempt = new.attempt, last_seq = new.last_seq,
        updated_at = new.updated_at, fill = new.fill, failure = new.failure,
        unresolved_attempt = CASE WHEN touches_ledger THEN unresolved_after ELSE unresolved_attempt END,
        lease_epoch = CASE WHEN ends_claim THEN lease_epoch + 1 ELSE lease_epoch END,
        lease_owner = CASE WHEN ends_claim THEN NULL ELSE lease_owner END,
        lease_until = CASE WHEN ends_claim THEN clock_timestamp() + due_in * interval '1 microsecond'
                           ELSE lease_until END,
        wake_at = CASE WHEN ends_claim THEN clock_timestamp() + due_in * interval '1 microsecond'
                       ELSE wake_at END
    FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[],
                $7::timestamptz[], $8::jsonb[], $9::jsonb[], $10::bool[], $11::bigint[], $12::bigint[],
                $13::bool[], $14::bigint[])
         AS new (id, fence_epoch, expected_seq, status, attempt, last_seq, updated_at, fill, failure,
                 touches_ledger, unresolved_before, unresolved_after, ends_claim, due_in)
    WHERE orders.id = ANY($1) AND orders.id = new.id
      AND lease_epoch = fence_epoch AND orders.last_seq = expected_seq
      AND (NOT touches_ledger OR unresolved_attempt IS NOT DISTINCT FROM unresolved_before)
    RETURNING orders.id";

async fn open_attempts(connection: &mut PgConnection, opened: &[&Attempt]) -> sqlx::Result<()> {
    let heights = opened
        .iter()
        .map(|attempt| i64::try_from(attempt.transaction.last_valid_block_height).map_err(encode));
    sqlx::query(
        "INSERT INTO attempts (order_id, number, venue, signature, signed_bytes, last_valid_block_height,
                               state, created_at)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bytea[], $6::bigint[],
                              $7::text[], $8::timestamptz[])",
    )
    .bind(opened.iter().map(|attempt| attempt.order_id.0).collect::<Vec<_>>())
    .bind(opened.iter().map(|attempt| i64::from(attempt.number)).collect::<Vec<_>>())
    .bind(opened.iter().map(|attempt| attempt.venue.as_str()).collect::<Vec<_>>())
    .bind(opened.iter().map(|attempt| attempt.transaction.signature.as_str()).collect::<Vec<_>>())
    .bind(opened.iter().map(|attempt| &attempt.transaction.bytes[..]).collect::<Vec<_>>())
    .bind(heights.collect::<Result<Vec<_>, _>>()?)
    .bind(opened.iter().map(|attempt| attempt.state.as_str()).collect::<Vec<_>>())
    .bind(opened.iter().map(|attempt| OffsetDateTime::from(attempt.created_at)).collect::<Vec<_>>())
    .execute(connection)
    .await
    .map(drop)
}

/// Records how unresolved attempts ended. An attempt that is not there unresolved as the commit has
/// it rolls everything back.
async fn resolve_attempts(connection: &mut PgConnection, committed: &[&Commit]) -> sqlx::Result<()> {
    let ended: Vec<_> = committed
        .iter()
        .filter_map(|commit| match &commit.ledger {
            Some(LedgerEntry::Resolve { number, signature, state }) => {
                Some((commit, i64::from(*number), signature.as_str(), state.as_str()))
            }
            _ => None,
        })
        .collect();
    if ended.is_empty() {
        return Ok(());
    }
    let resolved = sqlx::query(
        "UPDATE attempts SET state = new.state, resolved_at = new.resolved_at
         FROM UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[])
              AS new (order_id, number, signature, state, resolved_at)
         WHERE attempts.order_id = ANY($1) AND attempts.order_id = new.order_id
           AND attempts.number = new.number AND attempts.signature = new.signature
           AND attempts.state = 'unresolved'",
    )
    .bind(ended.iter().map(|(commit, ..)| commit.fence.order_id.0).collect::<Vec<_>>())
    .bind(ended.iter().map(|(_, number, ..)| *number).collect::<Vec<_>>())
    .bind(ended.iter().map(|(_, _, signature, _)| *signature).collect::<Vec<_>>())
    .bind(ended.iter().map(|(.., state)| *state).collect::<Vec<_>>())
    .bind(ended.iter().map(|(commit, ..)| OffsetDateTime::from(commit.order.updated_at)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    if usize::try_from(resolved.rows_affected()) == Ok(ended.len()) {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}

fn column<'a, T>(asked: &[(usize, &'a Commit)], value: impl Fn(&'a Commit) -> T) -> Vec<T> {
    asked.iter().map(|(_, commit)| value(commit)).collect()
}
