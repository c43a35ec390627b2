//! Random lives of many orders at once, the same over two stores.

use std::time::Duration;

use domain::{
    AccountId, EventData, Order, OrderId, Timestamp,
    ports::{
        Acceptance, Accepted, Attempt, AttemptChange, AttemptState, Cancel, Cancellation, Claim, ClaimAction,
        CommitOutcome, OrderStore,
    },
};
use futures::future::join_all;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::{LONG, step, stored_events, submit};
use crate::samples;

/// Orders that live at once.
const ORDERS: u64 = 150;
/// Writes of each life.
const WRITES: usize = 40;

/// Runs the same random writes over both stores and compares the results. The
/// writes of an order follow one another, while those of all orders mix, so there is one right answer
/// to each, however they were grouped.
pub async fn check_against(model: &dyn OrderStore, store: &dyn OrderStore, seed: u64) {
    let expected = join_all((0..ORDERS).map(|order| Life::begin(model, seed, order).live())).await;
    let found = join_all((0..ORDERS).map(|order| Life::begin(store, seed, order).live())).await;
    for (order, (expected, found)) in expected.into_iter().zip(found).enumerate() {
        assert_eq!(expected, found, "order {order} of seed {seed}");
    }
}

struct Life<'a> {
    store: &'a dyn OrderStore,
    rng: ChaCha20Rng,
    id: OrderId,
    key: String,
    /// Claims that were made, the void ones included.
    claims: Vec<Claim>,
    log: Vec<String>,
}

impl<'a> Life<'a> {
    fn begin(store: &'a dyn OrderStore, seed: u64, order: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        rng.set_stream(order);
        let id = samples::order_id();
        Self { store, rng, id, key: format!("life-{id}"), claims: Vec::new(), log: Vec::new() }
    }

    /// The result of every write, and the order in the end.
    async fn live(mut self) -> Vec<String> {
        self.accept(1).await;
        for _ in 0..WRITES {
            match self.rng.random_range(0..13) {
                0 => self.accept(1).await,
                1 => self.accept(2).await,
                2..=4 => self.claim().await,
                5 => self.renew().await,
                6 => self.release().await,
                7 if self.rng.random_bool(0.2) => self.cancel().await,
                _ => self.commit().await,
            }
        }
        self.close().await;
        self.log
    }

    async fn accept(&mut self, request: u8) {
        let mut asked = Acceptance {
            idempotency_key: Some(self.key.clone()),
            fingerprint: [request; 32],
            ..samples::acceptance()
        };
        if self.log.is_empty() {
            asked.order.id = self.id;
        }
        let accepted = match self.store.accept(asked).await.unwrap() {
            Accepted::Created => "created".to_owned(),
            Accepted::Replayed(order) => format!("replayed at {}", order.last_seq),
            Accepted::Conflict(id) => format!("conflict with itself: {}", id == self.id),
            Accepted::Insufficient(shortages) => format!("insufficient: {shortages:?}"),
        };
        self.log.push(accepted);
    }

    async fn claim(&mut self) {
        let lease = if self.rng.random_bool(0.5) { Duration::ZERO } else { LONG };
        let claim = self.store.claim(self.id, "worker", lease).await.unwrap();
        let shown = claim.as_ref().map(|claim| {
            let unresolved = claim.unresolved.as_ref().map(|attempt| attempt.number);
            (claim.fence.lease_epoch, claim.order.status, claim.order.last_seq, unresolved)
        });
        self.log.push(format!("claimed {shown:?}"));
        self.claims.extend(claim);
    }

    async fn cancel(&mut self) {
        let lease = if self.rng.random_bool(0.5) { Duration::ZERO } else { LONG };
        let at = Timestamp::from_unix_millis(1_800_000_000_000);
        let cancel = Cancel { account: AccountId::DEFAULT, id: self.id, at, by: "api".to_owned(), lease };
        let shown = match self.store.cancel(cancel).await.unwrap() {
            Cancellation::Unknown => "unknown".to_owned(),
            Cancellation::Ended(order) => format!("ended {}", order.status),
            Cancellation::Requested(order) => format!("requested {:?}", order.cancel_request),
            Cancellation::Claimed(claim) => {
                let shown = format!("claimed {:?} {:?}", claim.fence.lease_epoch, claim.order.cancel_request);
                self.claims.push(*claim);
                shown
            }
        };
        self.log.push(format!("cancel: {shown}"));
    }

    async fn renew(&mut self) {
        if let Some(claim) = self.any_claim() {
            let renewed = self.store.renew(claim.fence, LONG).await.unwrap();
            self.log.push(format!("renewed: {renewed}"));
        }
    }

    async fn release(&mut self) {
        if let Some(claim) = self.any_claim() {
            self.store.release(claim.fence, Duration::ZERO).await.unwrap();
        }
    }

    /// The last claim, or now and then one that is void.
    fn any_claim(&mut self) -> Option<Claim> {
        let count = self.claims.len();
        let back = if self.rng.random_bool(0.8) { 1 } else { self.rng.random_range(1..=count.max(1)) };
        count.checked_sub(back).map(|at| self.claims[at].clone())
    }

    async fn commit(&mut self) {
        let Some(mut claim) = self.any_claim() else { return };
        if claim.order.status.is_terminal() {
            return;
        }
        let (fence, attempt) = (claim.fence, claim.unresolved.take());
        let (opened, commit) = match (attempt, claim.order.cancel_request) {
            (None, Some(request)) => {
                let commit = claim.clone().cancel(request, claim.order.updated_at).unwrap();
                claim.order = commit.order.clone();
                (None, commit)
            }
            (None, None) => {
                let (attempt, commit) = submit(&mut claim);
                (Some(attempt), commit)
            }
            (Some(attempt), _) => (None, self.settle(&mut claim, &attempt)),
        };
        let outcome = self.store.commit(commit).await.unwrap();
        self.log.push(format!("{outcome:?} {} {}", claim.order.status, claim.order.last_seq));
        let known = self.claims.iter_mut().find(|known| known.fence == fence).unwrap();
        match outcome {
            CommitOutcome::Committed => {
                claim.unresolved = opened;
                *known = claim;
            }
            CommitOutcome::CancelRequested(request) => known.order.cancel_request = Some(request),
            CommitOutcome::Fenced => {}
        }
    }

    fn settle(&mut self, claim: &mut Claim, attempt: &Attempt) -> domain::ports::Commit {
        let resolve = |state| Some(samples::resolve(attempt, state));
        match self.rng.random_range(0..4) {
            0 => {
                let confirmed = samples::confirmed(attempt);
                step(claim, vec![confirmed], resolve(AttemptState::Landed), ClaimAction::Finish)
            }
            1 => {
                let failed = EventData::Failed { failure: samples::failure() };
                step(claim, vec![failed], resolve(AttemptState::Reverted), ClaimAction::Finish)
            }
            _ => {
                let next_attempt_at = claim.order.updated_at;
                let retrying = EventData::Retrying { failure: samples::failure(), next_attempt_at };
                let change: Option<AttemptChange> = resolve(AttemptState::Expired);
                step(claim, vec![retrying], change, ClaimAction::RetryAfter(Duration::ZERO))
            }
        }
    }

    async fn close(&mut self) {
        let row = self.store.order(AccountId::DEFAULT, self.id).await.unwrap().unwrap();
        let events = stored_events(self.store, self.id).await;
        let folded = Order { cancel_request: None, ..row.clone() };
        assert_eq!(Order::fold(self.id, AccountId::DEFAULT, None, &events), Some(folded));
        let attempts = self.store.attempts(AccountId::DEFAULT, self.id).await.unwrap();
        let states: Vec<_> = attempts.iter().map(|attempt| (attempt.number, attempt.state)).collect();
        self.log.push(format!("{} {} {} {states:?}", row.status, row.last_seq, row.attempt));
    }
}
