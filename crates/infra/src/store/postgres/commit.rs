//! Writes transitions.

use std::collections::{HashMap, HashSet};

use domain::{
    CancelRequest, OrderId,
    books::Entry,
    ports::{Attempt, AttemptChange, Commit, CommitOutcome},
};
use sqlx::{PgConnection, types::Json, types::Uuid};
use time::OffsetDateTime;

use super::{
    super::{
        request::Written,
        row::{AttemptColumns, ClaimChange, decode, encode, lamports},
    },
    Answers,
    books::Books,
    columns::{Columns, append_events},
    effects,
    enter::enter,
    lease,
};

/// The rows, events and attempts, as the first parts of a `WITH`; the orders whose commits are written are `passed`.
macro_rules! commit {
    () => {
        concat!(
            "WITH passed AS (
                 UPDATE orders SET status = new.status, attempt = new.attempt, last_seq = new.last_seq,
                     updated_at = new.updated_at, fill = new.fill, failure = new.failure,
                     next_attempt_at = new.next_attempt_at, network_fees = new.network_fees,
                     unresolved_attempt = CASE WHEN touches_attempts THEN unresolved_after ELSE unresolved_attempt END,
                     lease_epoch = CASE WHEN ends_claim THEN lease_epoch + 1 ELSE lease_epoch END,
                     lease_owner = CASE WHEN ends_claim THEN NULL ELSE lease_owner END,
                     lease_until = CASE WHEN ends_claim THEN clock_timestamp() + due_in * interval '1 microsecond'
                                        ELSE lease_until END,
                     timed_at = CASE WHEN ends_claim THEN clock_timestamp() ELSE timed_at END,
                     wake_at = CASE WHEN ends_claim THEN clock_timestamp() + due_in * interval '1 microsecond'
                                    ELSE wake_at END,
                     lost_claims = CASE WHEN ends_claim OR touches_attempts THEN 0 ELSE lost_claims END
                 FROM UNNEST($8::uuid[], $9::bigint[], $10::bigint[], $11::text[], $12::bigint[], $13::bigint[],
                             $14::timestamptz[], $15::jsonb[], $16::jsonb[], $17::bool[], $18::bigint[], $19::bigint[],
                             $20::bool[], $21::bigint[], $22::timestamptz[], $23::bool[], $38::bigint[])
                      AS new (id, fence_epoch, expected_seq, status, attempt, last_seq, updated_at, fill, failure,
                              touches_attempts, unresolved_before, unresolved_after, ends_claim, due_in,
                              next_attempt_at, leads_to_attempt, network_fees)
                 WHERE orders.id = ANY($8) AND orders.id = new.id
                   AND lease_epoch = fence_epoch AND orders.last_seq = expected_seq
                   AND (NOT touches_attempts OR unresolved_attempt IS NOT DISTINCT FROM unresolved_before)
                   AND NOT (leads_to_attempt AND cancel_requested_at IS NOT NULL)
                 RETURNING orders.id
             ), appended AS (",
            append_events!("passed"),
            "), opened AS (
                 INSERT INTO attempts (order_id, number, venue, signature, signed_bytes, last_valid_block_height,
                                       state, created_at)
                 SELECT attempt.*
                 FROM UNNEST($24::uuid[], $25::bigint[], $26::text[], $27::text[], $28::bytea[], $29::bigint[],
                             $30::text[], $31::timestamptz[])
                      AS attempt (order_id, number, venue, signature, signed_bytes, last_valid_block_height, state,
                                  created_at)
                 JOIN passed ON passed.id = attempt.order_id
             ), resolved AS (
                 UPDATE attempts SET state = ended.state, resolved_at = ended.resolved_at,
                     network_fee = ended.network_fee
                 FROM UNNEST($32::uuid[], $33::bigint[], $34::text[], $35::text[], $36::timestamptz[], $37::bigint[])
                      AS ended (order_id, number, signature, state, resolved_at, network_fee)
                 JOIN passed ON passed.id = ended.order_id
                 WHERE attempts.order_id = ANY($32) AND attempts.order_id = ended.order_id
                   AND attempts.number = ended.number AND attempts.signature = ended.signature
                   AND attempts.state = 'unresolved'
                 RETURNING attempts.order_id
             )"
        )
    };
}

/// The end of the statement: the orders whose commits are written.
macro_rules! passed {
    () => {
        "
             SELECT passed.id,
                    CASE WHEN passed.id = ANY($32) AND resolved.order_id IS NULL
                         THEN refuse('no such attempt is unresolved') END
             FROM passed LEFT JOIN resolved ON resolved.order_id = passed.id"
    };
}

/// Commits transitions of different orders, in one statement: the compare-and-set on the rows, and, for
/// those whose fence, sequence and attempt record are still as expected, their events and attempts.
///
/// If an attempt is not there unresolved as its commit has it, nothing is written. Those that passed are answered as
/// soon as they are written.
pub(super) async fn all(
    connection: &mut PgConnection,
    asked: &[(usize, &Commit)],
    answers: &mut Answers,
    books: &mut Books<'_>,
) -> sqlx::Result<()> {
    let columns = resolved(opened(moved(events(asked)?, asked)?, asked)?, asked)?;
    let fees = asked.iter().map(|(_, commit)| i64::try_from(commit.order.network_fees.0).map_err(encode));
    let columns = columns.with(fees.collect::<Result<Vec<_>, _>>()?)?; // `$38`
    let entries: Vec<Entry> =
        asked.iter().filter(|_| books.at_once).filter_map(|(_, commit)| commit.entry()).collect();
    let (sql, columns) = if entries.is_empty() {
        (concat!(commit!(), passed!()), columns)
    } else {
        let sql =
            concat!(commit!(), ", ", enter!("passed", 39 40 41 42 43 44, 45 46 47 48 49, 50), passed!());
        (sql, columns.with_entries(&entries.iter().collect::<Vec<_>>())?)
    };
    let passed: Vec<(Uuid, Option<bool>)> =
        sqlx::query_as_with(sql, columns.0).fetch_all(&mut *connection).await?;
    let passed: HashSet<OrderId> = passed.into_iter().map(|(id, _)| OrderId(id)).collect();
    let written = asked.iter().filter(|(_, commit)| passed.contains(&commit.fence.order_id));
    effects::all(connection, written.clone().map(|(_, commit)| &commit.effects[..])).await?;
    for (_, commit) in written {
        books.committed(commit);
    }
    let (written, refused): (Vec<_>, Vec<_>) =
        asked.iter().copied().partition(|(_, commit)| passed.contains(&commit.fence.order_id));
    for (position, _) in written {
        answers[position] = Some(Written::Commit(CommitOutcome::Committed));
    }
    let canceled = cancel_requests(connection, &refused).await?;
    for (position, commit) in refused {
        let request = canceled.get(&commit.fence.order_id);
        let outcome =
            request.map_or(CommitOutcome::Fenced, |request| CommitOutcome::CancelRequested(*request));
        answers[position] = Some(Written::Commit(outcome));
    }
    Ok(())
}

/// Why commits did not pass that lead to an attempt and whose claim still holds.
async fn cancel_requests(
    connection: &mut PgConnection,
    refused: &[(usize, &Commit)],
) -> sqlx::Result<HashMap<OrderId, CancelRequest>> {
    let refused: Vec<_> =
        refused.iter().map(|(_, commit)| *commit).filter(|commit| commit.leads_to_attempt()).collect();
    if refused.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, OffsetDateTime, i64)> = sqlx::query_as(
        "SELECT id, cancel_requested_at, cancel_requested_after
         FROM orders JOIN UNNEST($1::uuid[], $2::bigint[], $3::bigint[]) AS asked (asked_id, epoch, expected_seq)
              ON id = asked_id AND lease_epoch = epoch AND last_seq = expected_seq
         WHERE id = ANY($1) AND cancel_requested_at IS NOT NULL",
    )
    .bind(refused.iter().map(|commit| commit.fence.order_id.0).collect::<Vec<_>>())
    .bind(refused.iter().map(|commit| lease::epoch(commit.fence)).collect::<Result<Vec<_>, _>>()?)
    .bind(refused.iter().map(|commit| i64::from(commit.expected_seq())).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(id, at, after)| {
            let after_seq = u32::try_from(after).map_err(decode)?;
            Ok((OrderId(id), CancelRequest { at: at.into(), after_seq }))
        })
        .collect()
}

/// `$1` to `$7`: the events.
fn events(asked: &[(usize, &Commit)]) -> sqlx::Result<Columns> {
    let events =
        asked.iter().flat_map(|(_, commit)| commit.events.iter().map(|event| (commit.fence.order_id, event)));
    Columns::of_events(events)
}

/// `$8` to `$23`: the rows as they are to be, and as they must have been.
fn moved(columns: Columns, asked: &[(usize, &Commit)]) -> sqlx::Result<Columns> {
    let claims: Vec<_> = asked.iter().map(|(_, commit)| ClaimChange::from(commit.then)).collect();
    let changes: Vec<_> =
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
        .with(changes.iter().map(|change| change.touches).collect::<Vec<_>>())?
        .with(changes.iter().map(|change| change.before).collect::<Vec<_>>())?
        .with(changes.iter().map(|change| change.after).collect::<Vec<_>>())?
        .with(claims.iter().map(|claim| claim.ends).collect::<Vec<_>>())?
        .with(claims.iter().map(|claim| claim.due_in_micros).collect::<Vec<_>>())?
        .with(column(asked, |commit| commit.order.next_attempt_at.map(OffsetDateTime::from)))?
        .with(column(asked, Commit::leads_to_attempt))
}

/// `$24` to `$31`: the attempts that are written ahead.
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

/// `$32` to `$37`: how attempts ended.
fn resolved(columns: Columns, asked: &[(usize, &Commit)]) -> sqlx::Result<Columns> {
    let ended: Vec<_> = asked
        .iter()
        .filter_map(|(_, commit)| match &commit.change {
            Some(AttemptChange::Resolve { number, signature, state, network_fee }) => {
                Some((commit, i64::from(*number), signature.as_str(), state.as_str(), *network_fee))
            }
            _ => None,
        })
        .collect();
    columns
        .with(ended.iter().map(|(commit, ..)| commit.fence.order_id.0).collect::<Vec<_>>())?
        .with(ended.iter().map(|(_, number, ..)| *number).collect::<Vec<_>>())?
        .with(ended.iter().map(|(_, _, signature, ..)| *signature).collect::<Vec<_>>())?
        .with(ended.iter().map(|(_, _, _, state, _)| *state).collect::<Vec<_>>())?
        .with(
            ended
                .iter()
                .map(|(commit, ..)| OffsetDateTime::from(commit.order.updated_at))
                .collect::<Vec<_>>(),
        )?
        .with(ended.iter().map(|(.., network_fee)| lamports(*network_fee)).collect::<Result<Vec<_>, _>>()?)
}

fn column<'a, T>(asked: &[(usize, &'a Commit)], value: impl Fn(&'a Commit) -> T) -> Vec<T> {
    asked.iter().map(|(_, commit)| value(commit)).collect()
}
