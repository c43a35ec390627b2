//! Rows as both databases give them: times as microseconds since the epoch, documents as JSON.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use database::from_row;
use domain::{
    AccountId, Amount, CancelRequest, Event, EventData, Failure, Fill, Order, OrderId, OrderSpec,
    OrderStatus, QuoteRequest, Signature, Timestamp, legacy,
    ports::{ActiveOrders, Attempt, AttemptChange, ClaimAction, FeedCursor, FeedEvent, PARKED_AFTER},
    swap::SignedTransaction,
};
use metrics::counter;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::types::{Json, Uuid};
use telemetry::metrics::catalogue;

/// The columns of an [`OrderRow`] in `PostgreSQL`.
pub(super) const POSTGRES_ORDER: &str =
    "id, account_id, client_order_id, fingerprint, spec, status, attempt, last_seq,
    (extract(epoch FROM created_at) * 1000000)::bigint AS created_at,
    (extract(epoch FROM updated_at) * 1000000)::bigint AS updated_at, fill, failure, network_fees,
    (extract(epoch FROM next_attempt_at) * 1000000)::bigint AS next_attempt_at,
    (extract(epoch FROM cancel_requested_at) * 1000000)::bigint AS cancel_requested_at,
    cancel_requested_after, lease_epoch";
/// The columns of an [`AttemptRow`] in `PostgreSQL`.
pub(super) const POSTGRES_ATTEMPT: &str =
    "order_id, number, venue, signature, signed_bytes, last_valid_block_height, state,
    (extract(epoch FROM created_at) * 1000000)::bigint AS created_at, network_fee";
/// The columns of an [`OrderRow`] in `SQLite`.
pub(super) const SQLITE_ORDER: &str =
    "id, account_id, client_order_id, fingerprint, spec, status, attempt, last_seq,
    created_at, updated_at, fill, failure, network_fees, next_attempt_at, cancel_requested_at, cancel_requested_after,
    lease_epoch";
/// The columns of an [`AttemptRow`] in `SQLite`.
pub(super) const SQLITE_ATTEMPT: &str = "order_id, number, venue, signature, signed_bytes, last_valid_block_height, state, created_at, network_fee";

/// An order with what a claim of it needs to know.
pub(super) struct OrderRow {
    pub(super) id: Uuid,
    account_id: Uuid,
    pub(super) client_order_id: Option<String>,
    pub(super) fingerprint: Vec<u8>,
    spec: Json<Value>,
    status: String,
    attempt: i64,
    last_seq: i64,
    created_at: i64,
    updated_at: i64,
    fill: Option<Json<Value>>,
    failure: Option<Json<Value>>,
    network_fees: i64,
    next_attempt_at: Option<i64>,
    cancel_requested_at: Option<i64>,
    cancel_requested_after: Option<i64>,
    pub(super) lease_epoch: i64,
}

/// A claimed order, and the number of its attempt whose outcome is not known.
pub(super) struct ClaimedRow {
    pub(super) order: OrderRow,
    pub(super) unresolved_attempt: Option<i64>,
    /// Claims in a row that were lost before this one.
    pub(super) lost_claims: i64,
}

pub(super) struct EventRow {
    seq: i64,
    status: String,
    attempt: i64,
    at: i64,
    data: Json<EventData>,
}

/// An event in the feed.
pub(super) struct FeedRow {
    position: i64,
    order_id: Uuid,
    event: EventRow,
    /// Whether the order belongs to the account for which it was read.
    is_ours: bool,
}

pub(super) struct AttemptRow {
    order_id: Uuid,
    number: i64,
    venue: String,
    signature: String,
    signed_bytes: Vec<u8>,
    last_valid_block_height: i64,
    state: String,
    created_at: i64,
    network_fee: Option<i64>,
}

from_row!(OrderRow {
    id,
    account_id,
    client_order_id,
    fingerprint,
    spec,
    status,
    attempt,
    last_seq,
    created_at,
    updated_at,
    fill,
    failure,
    network_fees,
    next_attempt_at,
    cancel_requested_at,
    cancel_requested_after,
    lease_epoch,
});
from_row!(ClaimedRow { unresolved_attempt, lost_claims } with order);
from_row!(EventRow { seq, status, attempt, at, data });
from_row!(FeedRow { position, order_id, is_ours } with event);
from_row!(AttemptRow {
    order_id,
    number,
    venue,
    signature,
    signed_bytes,
    last_valid_block_height,
    state,
    created_at,
    network_fee,
});

impl TryFrom<OrderRow> for Order {
    type Error = sqlx::Error;

    fn try_from(row: OrderRow) -> Result<Self, sqlx::Error> {
        let spec: OrderSpec = read(row.spec)?;
        let cancel_request = match (row.cancel_requested_at, row.cancel_requested_after) {
            (Some(at), Some(after)) => Some(CancelRequest {
                at: Timestamp::from_unix_micros(at),
                after_seq: u32::try_from(after).map_err(decode)?,
            }),
            _ => None,
        };
        Ok(Self {
            id: OrderId(row.id),
            account: AccountId(row.account_id),
            client_order_id: row.client_order_id,
            fill: row.fill.map(|fill| read_fill(fill, &spec.request)).transpose()?,
            spec,
            status: OrderStatus::named(&row.status),
            attempt: u32::try_from(row.attempt).map_err(decode)?,
            last_seq: u32::try_from(row.last_seq).map_err(decode)?,
            created_at: Timestamp::from_unix_micros(row.created_at),
            updated_at: Timestamp::from_unix_micros(row.updated_at),
            failure: row.failure.map(read::<Failure>).transpose()?,
            network_fees: Amount(u64::try_from(row.network_fees).map_err(decode)?),
            next_attempt_at: row.next_attempt_at.map(Timestamp::from_unix_micros),
            cancel_request,
        })
    }
}

impl TryFrom<EventRow> for Event {
    type Error = sqlx::Error;

    fn try_from(row: EventRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            seq: u32::try_from(row.seq).map_err(decode)?,
            status: OrderStatus::named(&row.status),
            attempt: u32::try_from(row.attempt).map_err(decode)?,
            at: Timestamp::from_unix_micros(row.at),
            data: row.data.0,
        })
    }
}

impl FeedRow {
    /// The position after this event.
    pub(super) fn cursor(&self) -> sqlx::Result<FeedCursor> {
        Ok(FeedCursor {
            position: u64::try_from(self.position).map_err(decode)?,
            order_id: OrderId(self.order_id),
            seq: u32::try_from(self.event.seq).map_err(decode)?,
        })
    }

    /// The events that belong to the account for which they were read.
    pub(super) fn events(rows: Vec<Self>, account: AccountId) -> sqlx::Result<Vec<FeedEvent>> {
        let mut events = Vec::with_capacity(rows.len());
        for row in rows.into_iter().filter(|row| row.is_ours) {
            let (cursor, order_id) = (row.cursor()?, OrderId(row.order_id));
            let event = readable("event", order_id, row.event.try_into());
            events.extend(event.map(|event| FeedEvent { cursor, order_id, account, event }));
        }
        Ok(events)
    }
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = sqlx::Error;

    fn try_from(row: AttemptRow) -> Result<Self, sqlx::Error> {
        let fee = row.network_fee.map(u64::try_from);
        Ok(Self {
            order_id: OrderId(row.order_id),
            number: u32::try_from(row.number).map_err(decode)?,
            venue: row.venue.parse().map_err(decode)?,
            transaction: SignedTransaction {
                signature: Signature::from_base58(row.signature),
                bytes: row.signed_bytes,
                last_valid_block_height: u64::try_from(row.last_valid_block_height).map_err(decode)?,
            },
            created_at: Timestamp::from_unix_micros(row.created_at),
            network_fee: fee.transpose().map_err(decode)?.map(Amount),
            state: row
                .state
                .parse()
                .map_err(|_| sqlx::Error::Decode("unknown state of an attempt".into()))?,
        })
    }
}

/// A document of the database.
pub(super) fn read<T: DeserializeOwned>(document: Json<Value>) -> sqlx::Result<T> {
    serde_json::from_value(document.0).map_err(decode)
}

/// A fill, also one of a version whose amounts did not name their token.
fn read_fill(mut fill: Json<Value>, request: &QuoteRequest) -> sqlx::Result<Fill> {
    legacy::name_tokens(&mut fill.0, request);
    read(fill)
}

/// A row read from the database; `None`, logged and counted, for what only a later version can read. One such row
/// must not hide the others.
pub(super) fn readable<T>(kind: &'static str, order: OrderId, row: sqlx::Result<T>) -> Option<T> {
    row.inspect_err(|error| {
        counter!(catalogue::UNREADABLE_ROWS, "kind" => kind).increment(1);
        if is_news(order) {
            tracing::error!(order_id = %order, %error, "left out: this version cannot read a stored {kind}");
        } else {
            tracing::debug!(order_id = %order, %error, "left out again");
        }
    })
    .ok()
}

/// Whether the order was not logged yet: a list that is polled every second logs it once.
fn is_news(order: OrderId) -> bool {
    static LOGGED: Mutex<BTreeSet<OrderId>> = Mutex::new(BTreeSet::new());
    let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    logged.len() < MAX_LOGGED && logged.insert(order)
}

/// Maximum number of unreadable orders that are logged.
const MAX_LOGGED: usize = 1_000;

/// The orders among rows that this version can read.
pub(super) fn readable_orders(rows: Vec<OrderRow>) -> Vec<Order> {
    rows.into_iter().filter_map(|row| readable("order", OrderId(row.id), Order::try_from(row))).collect()
}

/// A value in the database that the domain does not know.
pub(super) fn decode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}

/// A value that is too large for the database.
pub(super) fn encode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Encode(Box::new(error))
}

/// A duration in microseconds.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// An order that has not ended, for rows that are looked up by their ids.
///
/// No index mentions the status, so no plan goes by anything but the ids. The phase is indexed: with it,
/// `PostgreSQL` went through every active order to claim a few.
pub(crate) const ACTIVE: &str =
    "(status <> 'confirmed' AND status <> 'failed' AND status <> 'canceled' AND status <> 'expired')";

/// What a commit does to the claim, as parameters of the update.
pub(super) struct ClaimChange {
    /// Whether the claim ends, which voids its fence.
    pub(super) ends: bool,
    /// When the order is due again, microseconds from now; `None` for never.
    pub(super) due_in_micros: Option<i64>,
}

impl From<ClaimAction> for ClaimChange {
    fn from(then: ClaimAction) -> Self {
        match then {
            ClaimAction::Continue => Self { ends: false, due_in_micros: None },
            ClaimAction::RetryAfter(delay) => Self { ends: true, due_in_micros: Some(micros(delay)) },
            ClaimAction::Finish => Self { ends: true, due_in_micros: None },
        }
    }
}

/// A network fee, lamports.
pub(super) fn lamports(network_fee: Option<Amount>) -> sqlx::Result<Option<i64>> {
    network_fee.map(|fee| i64::try_from(fee.0)).transpose().map_err(encode)
}

/// What a commit expects of the attempt record and changes in it, as parameters of the update.
pub(super) struct AttemptColumns {
    /// Whether it touches the attempt record.
    pub(super) touches: bool,
    /// The unresolved attempt that must be there.
    pub(super) before: Option<i64>,
    /// The unresolved attempt that is there afterwards.
    pub(super) after: Option<i64>,
}

impl From<Option<&AttemptChange>> for AttemptColumns {
    fn from(entry: Option<&AttemptChange>) -> Self {
        match entry {
            None => Self { touches: false, before: None, after: None },
            Some(AttemptChange::Open(attempt)) => {
                Self { touches: true, before: None, after: Some(i64::from(attempt.number)) }
            }
            Some(AttemptChange::Resolve { number, .. }) => {
                Self { touches: true, before: Some(i64::from(*number)), after: None }
            }
        }
    }
}

/// How many orders are in flight; `$1` bounds what is counted. An index knows it alone.
pub(super) const IN_FLIGHT: &str =
    "SELECT count(*) FROM (SELECT 1 FROM orders WHERE phase = 'in_flight' LIMIT $1) AS counted";

/// How many orders of an account, `$2`, rest; `$1` bounds what is counted.
pub(super) const RESTING: &str = "SELECT count(*) FROM
    (SELECT 1 FROM orders WHERE phase = 'resting' AND account_id = $2 LIMIT $1) AS counted";

/// How many orders have not ended, by status, worker and whether they are parked; `$1` bounds what is counted of
/// each phase.
pub(super) fn count_active_by_status() -> String {
    let of_phase = |phase| {
        format!(
            "SELECT * FROM (SELECT status, lease_owner, lost_claims > {PARKED_AFTER} AS is_parked
                            FROM orders WHERE phase = '{phase}' LIMIT $1) AS {phase}"
        )
    };
    format!(
        "SELECT status, lease_owner, is_parked, count(*) FROM ({} UNION ALL {}) AS active
         GROUP BY status, lease_owner, is_parked",
        of_phase("in_flight"),
        of_phase("resting")
    )
}

/// What [`count_active_by_status`] found.
pub(super) fn active_by_status(
    counts: Vec<(String, Option<String>, bool, i64)>,
) -> sqlx::Result<ActiveOrders> {
    let mut active = ActiveOrders::default();
    for (status, worker, is_parked, count) in counts {
        active.add(OrderStatus::named(&status), worker, is_parked, u32::try_from(count).map_err(decode)?);
    }
    Ok(active)
}
