use std::{sync::Arc, time::Duration};

use domain::{
    EventData, FailureCode, Order, OrderId, Timestamp,
    ports::{
        Attempt, AttemptChange, AttemptState, Claim, ClaimAction, Commit, CommitOutcome, EventBus, OrderStore,
    },
};
use testkit::samples;

use super::TestBus;

/// Moves one order on as a worker would: commit, then publish.
pub(crate) struct Execution {
    store: Arc<dyn OrderStore>,
    bus: Arc<TestBus>,
    claim: Claim,
    attempt: Option<Attempt>,
}

impl Execution {
    pub(super) async fn begin(store: Arc<dyn OrderStore>, bus: Arc<TestBus>, id: OrderId) -> Self {
        let claim = store.claim(id, "worker", Duration::from_hours(1)).await.unwrap().expect("a claim");
        Self { store, bus, claim, attempt: None }
    }

    pub(crate) fn order(&self) -> &Order {
        &self.claim.order
    }

    /// Commits one event and publishes it.
    pub(crate) async fn step(&mut self, data: EventData) {
        let commit = self.commit(data).await;
        self.bus.publish(commit.announcements().into_iter().map(Arc::new).collect());
    }

    async fn commit(&mut self, data: EventData) -> Commit {
        let mut order = self.claim.order.clone();
        let change = match &data {
            EventData::Submitted { .. } => self.attempt.clone().map(AttemptChange::Open),
            _ => self.attempt.take_if(|_| order.status == domain::OrderStatus::Submitted).map(|attempt| {
                let landed = matches!(data, EventData::Confirmed { .. });
                let reverted = data.network_fee().is_some();
                let state = match (landed, reverted) {
                    (true, _) => AttemptState::Landed,
                    (false, true) => AttemptState::Reverted,
                    (false, false) => AttemptState::Expired,
                };
                samples::resolve(&attempt, state)
            }),
        };
        let event = order.apply(data, order.updated_at + Duration::from_millis(5)).unwrap();
        let then = if order.status.is_terminal() { ClaimAction::Finish } else { ClaimAction::Continue };
        let commit = Commit {
            fence: self.claim.fence,
            order: order.clone(),
            events: vec![event],
            change,
            then,
            effects: Vec::new(),
        };
        assert_eq!(self.store.commit(commit.clone()).await.unwrap(), CommitOutcome::Committed);
        self.claim.order = order;
        commit
    }

    /// Routing, building, submitted.
    pub(crate) async fn submit(&mut self) {
        for data in samples::steps_to_building() {
            self.step(data).await;
        }
        let attempt = samples::attempt(&self.claim.order);
        self.attempt = Some(attempt.clone());
        self.step(samples::submitted(&attempt)).await;
    }

    pub(crate) async fn confirm(&mut self) {
        let confirmed = samples::confirmed(self.attempt.as_ref().unwrap());
        self.step(confirmed).await;
    }

    pub(crate) async fn retry(&mut self) {
        let next_attempt_at = Timestamp::from_unix_millis(1_800_000_001_000);
        self.step(EventData::Retrying { failure: samples::failure(), next_attempt_at }).await;
    }

    /// A retry after an attempt that never landed, which costs nothing: there may be more of them than an order holds
    /// fees for.
    pub(crate) async fn retry_unlanded(&mut self) {
        let next_attempt_at = Timestamp::from_unix_millis(1_800_000_001_000);
        let failure = domain::Failure { network_fee: None, ..samples::failure() };
        self.step(EventData::Retrying { failure, next_attempt_at }).await;
    }

    pub(crate) async fn fail(&mut self) {
        let failure = domain::Failure::new(FailureCode::SlippageExceeded, "the price moved");
        self.step(EventData::Failed { failure }).await;
    }

    /// One retry, then a confirmation: every kind of event but a failure.
    pub(crate) async fn run(&mut self) {
        self.submit().await;
        self.retry().await;
        self.submit().await;
        self.confirm().await;
    }
}
