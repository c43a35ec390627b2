//! Writes transitions.

use std::collections::HashSet;

use domain::{
    OrderId,
    ports::{Attempt, AttemptChange, Commit, CommitOutcome},
};
use sqlx::{PgConnection, types::Json, types::Uuid};
use time::OffsetDateTime;

use super::{
    super::{
        request::Written,
        row::{AttemptColumns, ClaimChange, encode},
    },
    Answers,
    columns::{Columns, append_events},
    lease,
};

/// Commits transitions of different orders, in one statement: the compare-and-set on the rows, and, for
/// those whose fence, sequence and ledger still are as expected, their events and attempts.
///
/// If an attempt is not there unresolved as its commit has it, nothing is written.
pub(super) async fn all(
    connection: &mut PgConnection,
    asked: &[(usize, &Commit)],
    answers: &mut Answers,
) -> sqlx::Result<()> {
    let columns = resolved(opened(moved(events(asked)?, asked)?, asked)?, asked)?;
    let passed: Vec<(Uuid, Option<bool>)> =
        sqlx::query_as_with(COMMIT, columns.0).fetch_all(connection).await?;
    let passed: HashSet<OrderId> = passed.into_iter().map(|(id, _)| OrderId(id)).collect();
    for (position, commit) in asked {
        let has_passed = passed.contains(&commit.fence.order_id);
        let outcome = if has_passed { CommitOutcome::Committed } else { CommitOutcome::Fenced };
        answers[*position] = Some(Written::Commit(outcome));
    }
    Ok(())
}

const COMMIT: &str = concat!(
    "WITH passed AS (
         UPDATE orders SET status = new.status, attempt = new.attempt, last_seq = new.last_seq,
             updated_at = new.updated_at, fill = new.fill, failure = new.failure,
             unresolved_attempt = CASE WHEN touches_ledger THEN unresolved_after ELSE unresolved_attempt END,
             lease_epoch = CASE WHEN ends_claim THEN lease_epoch + 1 ELSE lease_epoch END,
             lease_owner = CASE WHEN ends_claim THEN NULL ELSE lease_owner END,
             lease_until = CASE WHEN ends_claim THEN clock_timestamp() + due_in * interval '1 microsecond'
                                ELSE lease_until END,
             timed_at = CASE WHEN ends_claim THEN clock_timestamp() ELSE timed_at END,
             wake_at = CASE WHEN ends_claim THEN clock_timestamp() + due_in * interval '1 microsecond'
                            ELSE wake_at END,
             lost_claims = CASE WHEN ends_claim OR touches_ledger THEN 0 ELSE lost_claims END
         FROM UNNEST($8::uuid[], $9::bigint[], $10::bigint[], $11::text[], $12::bigint[], $13::bigint[],
                     $14::timestamptz[], $15::jsonb[], $16::jsonb[], $17::bool[], $18::bigint[], $19::bigint[],
                     $20::bool[], $21::bigint[])
              AS new (id, fence_epoch, expected_seq, status, attempt, last_seq, updated_at, fill, failure,
                      touches_ledger, unresolved_before, unresolved_after, ends_claim, due_in)
         WHERE orders.id = ANY($8) AND orders.id = new.id
           AND lease_epoch = fence_epoch AND orders.last_seq = expected_seq
           AND (NOT touches_ledger OR unresolved_attempt IS NOT DISTINCT FROM unresolved_before)
         RETURNING orders.id
     ), appended AS (",
    append_events!("passed"),
    "), opened AS (
         INSERT INTO attempts (order_id, number, venue, signature, signed_bytes, last_valid_block_height,
                               state, created_at)
         SELECT attempt.*
         FROM UNNEST($22::uuid[], $23::bigint[], $24::text[], $25::text[], $26::bytea[], $27::bigint[],
                     $28::text[], $29::timestamptz[])
              AS attempt (order_id, number, venue, signature, signed_bytes, last_valid_block_height, state,
                          created_at)
         JOIN passed ON passed.id = attempt.order_id
     ), resolved AS (
         UPDATE attempts SET state = ended.state, resolved_at = ended.resolved_at
         FROM UNNEST($30::uuid[], $31::bigint[], $32::text[], $33::text[], $34::timestamptz[])
              AS ended (order_id, number, signature, state, resolved_at)
         JOIN passed ON passed.id = ended.order_id
         WHERE attempts.order_id = ANY($30) AND attempts.order_id = ended.order_id
           AND attempts.number = ended.number AND attempts.signature = ended.signature
           AND attempts.state = 'unresolved'
         RETURNING attempts.order_id
     )
     SELECT passed.id,
            CASE WHEN passed.id = ANY($30) AND resolved.order_id IS NULL
                 THEN refuse('no such attempt is unresolved') END
     FROM passed LEFT JOIN resolved ON resolved.order_id = passed.id"
);

/// `$1` to `$7`: the events.
fn events(asked: &[(usize, &Commit)]) -> sqlx::Result<Columns> {
    let events =
        asked.iter().flat_map(|(_, commit)| commit.events.iter().map(|event| (commit.fence.order_id, event)));
    Columns::of_events(events)
}

/// `$8` to `$21`: the rows as they are to be, and as they must have been.
fn moved(columns: Columns, asked: &[(usize, &Commit)]) -> sqlx::Result<Columns> {
    let claims: Vec<_> = asked.iter().map(|(_, commit)| ClaimChange::from(commit.then)).collect();
    let ledgers: Vec<_> =
        asked.iter().map(|(_, commit)| AttemptColumns::from(commit.change.as_ref())).collect();
    columns
        .with(column(asked, |commit| commit.fence.order_id.0))?
        .with(asked.iter().map(|(_, commit)| lease::epoch(commit.fence)).collect::<Result<Vec<_>, _>>()?)?
        .with(column(asked, |commit| i64::from(commit.expected_seq())))?
        .with(column(asked, |commit| commit.order.status.as_str()))?
        .with(column(asked, |commit| i64::from(commit.order.attempt)))?
        .with(column(asked, |commit| i64::from(commit.order.last_seq)))?
        .with(column(asked, |commit| OffsetDateTime::from(commit.order.updated_at)))?
        .with(column(asked, |commit| commit.order.fill.as_ref().map(Json)))?
        .with(column(asked, |commit| commit.order.failure.as_ref().map(Json)))?
        .with(ledgers.iter().map(|change| change.touches).collect::<Vec<_>>())?
        .with(ledgers.iter().map(|change| change.before).collect::<Vec<_>>())?
        .with(ledgers.iter().map(|change| change.after).collect::<Vec<_>>())?
        .with(claims.iter().map(|claim| claim.ends).collect::<Vec<_>>())?
        .with(claims.iter().map(|claim| claim.due_in_micros).collect::<Vec<_>>())
}

/// `$22` to `$29`: the attempts that are written ahead.
fn opened(columns: Columns, asked: &[(usize, &Commit)]) -> sqlx::Result<Columns> {
    let opened: Vec<&Attempt> = asked
        .iter()
        .filter_map(|(_, commit)| match &commit.change {
            Some(AttemptChange::Open(attempt)) => Some(attempt),
            _ => None,
        })
        .collect();
    let height =
        |attempt: &&Attempt| i64::try_from(attempt.transaction.last_valid_block_height).map_err(encode);
    columns
        .with(opened.iter().map(|attempt| attempt.order_id.0).collect::<Vec<_>>())?
        .with(opened.iter().map(|attempt| i64::from(attempt.number)).collect::<Vec<_>>())?
        .with(opened.iter().map(|attempt| attempt.venue.as_str()).collect::<Vec<_>>())?
        .with(opened.iter().map(|attempt| attempt.transaction.signature.as_str()).collect::<Vec<_>>())?
        .with(opened.iter().map(|attempt| &attempt.transaction.bytes[..]).collect::<Vec<_>>())?
        .with(opened.iter().map(height).collect::<Result<Vec<_>, _>>()?)?
        .with(opened.iter().map(|attempt| attempt.state.as_str()).collect::<Vec<_>>())?
        .with(opened.iter().map(|attempt| OffsetDateTime::from(attempt.created_at)).collect::<Vec<_>>())
}

/// `$30` to `$34`: how attempts ended.
fn resolved(columns: Columns, asked: &[(usize, &Commit)]) -> sqlx::Result<Columns> {
    let ended: Vec<_> = asked
        .iter()
        .filter_map(|(_, commit)| match &commit.change {
            Some(AttemptChange::Resolve { number, signature, state }) => {
                Some((commit, i64::from(*number), signature.as_str(), state.as_str()))
            }
            _ => None,
        })
        .collect();
    columns
        .with(ended.iter().map(|(commit, ..)| commit.fence.order_id.0).collect::<Vec<_>>())?
        .with(ended.iter().map(|(_, number, ..)| *number).collect::<Vec<_>>())?
        .with(ended.iter().map(|(_, _, signature, _)| *signature).collect::<Vec<_>>())?
        .with(ended.iter().map(|(.., state)| *state).collect::<Vec<_>>())?
        .with(
            ended
                .iter()
                .map(|(commit, ..)| OffsetDateTime::from(commit.order.updated_at))
                .collect::<Vec<_>>(),
        )
}

fn column<'a, T>(asked: &[(usize, &'a Commit)], value: impl Fn(&'a Commit) -> T) -> Vec<T> {
    asked.iter().map(|(_, commit)| value(commit)).collect()
}
