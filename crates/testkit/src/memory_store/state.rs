//! Every order, and what acceptances and commits do to them.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, Order, OrderId, Timestamp,
    books::Refusal,
    ports::{
        Acceptance, Accepted, Attempt, AttemptChange, ClaimAction, Commit, CommitOutcome, Effect, Fence,
        RequestKeys, StoreError,
    },
};

use super::{
    Guards,
    books::{Books, BooksFault},
    record::Record,
};

/// All there is.
pub(super) struct State {
    pub(super) is_down: bool,
    pub(super) accounts: BTreeSet<AccountId>,
    pub(super) orders: BTreeMap<OrderId, Record>,
    /// Every event's order and sequence number, as they were written.
    pub(super) feed: Vec<(OrderId, u32)>,
    /// How many of them the feed shows while it is held up.
    pub(super) feed_held_at: Option<usize>,
    pub(super) books: Books,
}

impl State {
    /// Nothing but the default account.
    pub(super) fn new() -> Self {
        Self {
            is_down: false,
            accounts: BTreeSet::from([AccountId::DEFAULT]),
            orders: BTreeMap::new(),
            feed: Vec::new(),
            feed_held_at: None,
            books: Books::default(),
        }
    }

    /// The order, if it is this account's.
    pub(super) fn of(&self, account: AccountId, id: OrderId) -> Option<&Record> {
        self.orders.get(&id).filter(|record| record.order.account == account)
    }

    /// The order that `fence` still holds.
    pub(super) fn held(&mut self, fence: Fence) -> Option<&mut Record> {
        self.orders.get_mut(&fence.order_id).filter(|record| record.lease_epoch == fence.lease_epoch)
    }

    /// The answer to a request, one of whose keys an order has, or the id that it came with.
    pub(super) fn repeated(&self, asked: &RequestKeys<'_>, id: Option<OrderId>) -> Option<Accepted> {
        let same = self.same_as(asked, id);
        let named = same.iter().find(|known| {
            asked.client_order_id.is_some()
                && known.order.client_order_id.as_deref() == asked.client_order_id
                && asked.is_same(&known.fingerprint)
        });
        if let Some(known) = named {
            return Some(Accepted::Replayed(Box::new(known.order.clone())));
        }
        let known = same.first()?;
        let is_one = same.iter().all(|other| other.order.id == known.order.id);
        Some(if is_one && asked.is_same(&known.fingerprint) {
            Accepted::Replayed(Box::new(known.order.clone()))
        } else {
            Accepted::Conflict(known.order.id)
        })
    }

    /// Orders that are the same as this one by any of its identities, the idempotency key's first.
    fn same_as(&self, asked: &RequestKeys<'_>, id: Option<OrderId>) -> Vec<&Record> {
        let of_account = || self.orders.values().filter(|known| known.order.account == asked.account);
        let by_key = asked
            .idempotency_key
            .and_then(|key| of_account().find(|known| known.idempotency_key.as_deref() == Some(key)));
        let by_client_id = asked
            .client_order_id
            .and_then(|id| of_account().find(|known| known.order.client_order_id.as_deref() == Some(id)));
        let by_id = id.and_then(|id| self.of(asked.account, id));
        by_key.into_iter().chain(by_client_id).chain(by_id).collect()
    }

    /// Everything a write does, or nothing if one of its effects cannot be written.
    fn whole<T>(
        &mut self,
        effects: &[Effect],
        write: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if effects.is_empty() {
            return write(self);
        }
        let (orders, events, books) = (self.orders.clone(), self.feed.len(), self.books.clone());
        let written = write(self);
        if written.is_err() {
            self.orders = orders;
            self.feed.truncate(events);
            self.books = books;
        }
        written
    }

    pub(super) fn accept(&mut self, asked: Acceptance, now: Timestamp) -> Result<Accepted, StoreError> {
        let effects = asked.effects.clone();
        self.whole(&effects, |state| state.accept_one(asked, now))
    }

    fn accept_all(&mut self, effects: Vec<Effect>, now: Timestamp) -> Result<(), StoreError> {
        for Effect::Accept(acceptance) in effects {
            let id = acceptance.order.id;
            if self.accept_one(*acceptance, now)? != Accepted::Created {
                return Err(StoreError::unavailable(format!("order id {id} or one of its keys is taken")));
            }
        }
        Ok(())
    }

    fn accept_one(&mut self, asked: Acceptance, now: Timestamp) -> Result<Accepted, StoreError> {
        if !self.accounts.contains(&asked.order.account) {
            return Err(StoreError::unavailable(format!("unknown account {}", asked.order.account)));
        }
        if let Some(known) = self.repeated(&asked.keys(), Some(asked.order.id)) {
            return Ok(known);
        }
        if self.orders.contains_key(&asked.order.id) {
            return Err(StoreError::unavailable(format!("order id {} is taken", asked.order.id)));
        }
        if let Some(entry) = asked.entry() {
            match self.books.post(entry) {
                Ok(()) => {}
                Err(Refusal::Short(shortages)) => return Ok(Accepted::Insufficient(shortages)),
                Err(refusal) => return Err(StoreError::unavailable(format!("{refusal:?}"))),
            }
        }
        let Acceptance { order, event, idempotency_key, fingerprint, due_after, effects, .. } = asked;
        self.feed.push((order.id, event.seq));
        self.orders.insert(
            order.id,
            Record {
                order,
                events: vec![event],
                attempts: Vec::new(),
                idempotency_key,
                fingerprint,
                wake_at: due_after.map(|due_after| now + due_after),
                lease_epoch: 0,
                lease_until: None,
                claimed_by: None,
                lost_claims: 0,
            },
        );
        self.accept_all(effects, now)?;
        Ok(Accepted::Created)
    }

    pub(super) fn commit(
        &mut self,
        commit: Commit,
        guards: Guards,
        now: Timestamp,
    ) -> Result<CommitOutcome, StoreError> {
        let posts_apart = self.books.fault == Some(BooksFault::PostsApart);
        if let Some(entry) = commit.entry().filter(|_| posts_apart) {
            let _ = self.books.settle(entry);
        }
        let taken = match &commit.change {
            Some(AttemptChange::Open(attempt)) => self.is_taken(attempt),
            _ => false,
        };
        let Some(record) = self.orders.get_mut(&commit.fence.order_id) else {
            return Ok(CommitOutcome::Fenced);
        };
        let is_held = record.lease_epoch == commit.fence.lease_epoch;
        let follows = record.order.last_seq == commit.expected_seq();
        let fits_attempts = record.follows_attempts(commit.change.as_ref());
        if (guards.fence && !is_held)
            || (guards.sequence && !follows)
            || (guards.one_unresolved_attempt && !fits_attempts)
        {
            return Ok(CommitOutcome::Fenced);
        }
        if let Some(request) =
            record.order.cancel_request.filter(|_| guards.cancel_request && commit.leads_to_attempt())
        {
            return Ok(CommitOutcome::CancelRequested(request));
        }
        if guards == Guards::ALL {
            if taken {
                return Err(StoreError::unavailable("the attempt's number or signature is taken"));
            }
            record.check(&commit)?;
        }
        let effects = commit.effects.clone();
        let entry = commit.entry().filter(|_| !posts_apart);
        self.whole(&effects, |state| {
            if let Some(entry) = entry {
                let settled = state.books.settle(entry);
                settled.map_err(|refusal| StoreError::unavailable(format!("{refusal:?}")))?;
            }
            state.apply(commit, now);
            state.accept_all(effects.clone(), now)
        })?;
        Ok(CommitOutcome::Committed)
    }

    fn apply(&mut self, commit: Commit, now: Timestamp) {
        let Some(record) = self.orders.get_mut(&commit.order.id) else { return };
        self.feed.extend(commit.events.iter().map(|event| (commit.order.id, event.seq)));
        record.order = Order { cancel_request: record.order.cancel_request, ..commit.order };
        record.events.extend(commit.events);
        if commit.change.is_some() || commit.then != ClaimAction::Continue {
            record.lost_claims = 0;
        }
        match commit.change {
            Some(AttemptChange::Open(attempt)) => record.attempts.push(attempt),
            Some(AttemptChange::Resolve { number, state, network_fee, .. }) => {
                if let Some(attempt) = record.attempts.iter_mut().find(|attempt| attempt.number == number) {
                    (attempt.state, attempt.network_fee) = (state, network_fee);
                }
            }
            None => {}
        }
        match commit.then {
            ClaimAction::Continue => {}
            ClaimAction::RetryAfter(delay) => record.end_lease(Some(now + delay), Some(now + delay)),
            ClaimAction::Finish => record.end_lease(None, None),
        }
    }

    /// Whether another attempt has the signature, or one of the same order the number.
    fn is_taken(&self, new: &Attempt) -> bool {
        self.orders.values().flat_map(|record| &record.attempts).any(|known| {
            known.transaction.signature == new.transaction.signature
                || (known.order_id, known.number) == (new.order_id, new.number)
        })
    }
}
