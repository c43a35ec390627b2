use std::{
    collections::VecDeque,
    future::pending,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    AccountId, FailureCode, Order, OrderStatus, Signature, Swap, VenueId,
    ports::{Acceptance, Attempt, AttemptState, BusMessage, ChainError, TransactionStatus, VenueError},
    swap::{Instruction, SignedTransaction},
};
use futures::stream::BoxStream;
use rand::SeedableRng;
use testkit::{ManualClock, MemoryStore, samples};
use tokio_util::sync::CancellationToken;

use domain::ports::PARKED_AFTER;
use infra::outage::Outage;

use super::*;

/// A chain that answers by script and records what it was sent.
#[derive(Default)]
struct ScriptedChain {
    answers: Mutex<VecDeque<Result<Answer, ()>>>,
    sent: Mutex<Vec<Signature>>,
    signed: Mutex<u8>,
    /// While set, no call ever returns.
    hangs: AtomicBool,
}

#[derive(Clone, Copy)]
enum Answer {
    Landed,
    Reverted,
    Unknown,
    Expired,
}

impl ScriptedChain {
    async fn hang(&self) {
        if self.hangs.load(Ordering::SeqCst) {
            pending::<()>().await;
        }
    }

    fn next(&self, signature: &Signature) -> Result<TransactionStatus, ChainError> {
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Ok(Answer::Landed));
        match answer {
            Ok(Answer::Landed) => Ok(TransactionStatus::Landed(fill(signature))),
            Ok(Answer::Reverted) => Ok(TransactionStatus::Reverted(Failure::at(
                VenueId::Meteora,
                FailureCode::SlippageExceeded,
                "the price moved",
            ))),
            Ok(Answer::Unknown) => Ok(TransactionStatus::Unknown),
            Ok(Answer::Expired) => Ok(TransactionStatus::Expired),
            Err(()) => Err(ChainError("away".to_owned())),
        }
    }
}

fn fill(signature: &Signature) -> Fill {
    let (order, _) = Order::accept(
        samples::order_id(),
        AccountId::DEFAULT,
        None,
        samples::spec(),
        domain::Timestamp::default(),
    );
    Fill { signature: signature.clone(), ..samples::fill(&samples::attempt(&order)) }
}

#[async_trait]
impl Chain for ScriptedChain {
    async fn sign(&self, _: &Swap) -> Result<SignedTransaction, ChainError> {
        let mut signed = self.signed.lock().unwrap();
        *signed += 1;
        Ok(SignedTransaction {
            signature: Signature::from_bytes(&[*signed; 64]),
            bytes: vec![*signed],
            last_valid_block_height: 150,
        })
    }

    async fn send(&self, transaction: &SignedTransaction) -> Result<(), ChainError> {
        self.hang().await;
        self.sent.lock().unwrap().push(transaction.signature.clone());
        Ok(())
    }

    async fn status(&self, signature: &Signature, _: u64) -> Result<TransactionStatus, ChainError> {
        self.hang().await;
        self.next(signature)
    }

    async fn await_status(
        &self,
        signature: &Signature,
        _: u64,
        patience: Duration,
    ) -> Result<TransactionStatus, ChainError> {
        self.hang().await;
        let status = self.next(signature);
        if matches!(status, Ok(TransactionStatus::Unknown)) {
            tokio::time::sleep(patience).await;
        }
        status
    }
}

struct OneQuote {
    refuses: bool,
    panics: Arc<AtomicBool>,
}

#[async_trait]
impl Venue for OneQuote {
    fn id(&self) -> VenueId {
        VenueId::Meteora
    }

    async fn quote(&self, _: &domain::QuoteRequest) -> Result<domain::Quote, VenueError> {
        assert!(!self.panics.load(Ordering::SeqCst), "a venue with a bug");
        if self.refuses {
            return Err(Failure::at(VenueId::Meteora, FailureCode::NoRoute, "does not trade it"));
        }
        Ok(domain::Quote { venue: VenueId::Meteora, ..samples::quote() })
    }

    async fn build(&self, swap: &Swap) -> Result<Vec<Instruction>, VenueError> {
        Ok(swap.instructions())
    }
}

struct NoBus;

impl EventBus for NoBus {
    fn publish(&self, _: Vec<Arc<domain::OrderEvent>>) {}

    fn subscribe(&self) -> BoxStream<'static, BusMessage> {
        Box::pin(futures::stream::pending())
    }

    fn is_connected(&self) -> bool {
        true
    }
}

const LEASE: Duration = Duration::from_secs(10);

/// An executor whose venue quotes and whose chain confirms.
pub(crate) fn executor_over(store: Arc<MemoryStore>) -> Executor {
    Executor {
        store,
        bus: Arc::new(NoBus),
        venues: vec![Arc::new(OneQuote { refuses: false, panics: Arc::default() })],
        chain: Arc::new(ScriptedChain::default()),
        clock: Arc::new(ManualClock::default()),
        rng: Mutex::new(ChaCha8Rng::seed_from_u64(7)),
        policy: ExecutionPolicy {
            worker: "test".to_owned(),
            lease: LEASE,
            retry: RetryPolicy::default(),
            quote_deadline: Duration::from_secs(1),
            call_deadline: Duration::from_secs(5),
            rebroadcast_interval: Duration::from_secs(2),
        },
        executions: Arc::default(),
        claims: Outage::new("claims of orders"),
    }
}

struct Bench {
    panics: Arc<AtomicBool>,
    clock: Arc<ManualClock>,
    store: Arc<MemoryStore>,
    chain: Arc<ScriptedChain>,
    executor: Executor,
    order: Order,
}

impl Bench {
    async fn new(refuses: bool, answers: &[Result<Answer, ()>]) -> Self {
        let panics = Arc::new(AtomicBool::new(false));
        let clock = Arc::new(ManualClock::default());
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let chain = Arc::new(ScriptedChain::default());
        chain.answers.lock().unwrap().extend(answers.iter().copied());
        let acceptance: Acceptance = samples::acceptance();
        let order = acceptance.order.clone();
        store.accept(acceptance).await.unwrap();
        let executor = Executor {
            venues: vec![Arc::new(OneQuote { refuses, panics: panics.clone() })],
            chain: chain.clone(),
            clock: clock.clone(),
            ..executor_over(store.clone())
        };
        Self { panics, clock, store, chain, executor, order }
    }

    async fn execute(&self) -> Outcome {
        self.executor.execute(self.order.id, &CancellationToken::new()).await
    }

    async fn kinds(&self) -> Vec<&'static str> {
        let events = self.store.events(AccountId::DEFAULT, self.order.id, 0, 100).await.unwrap();
        events.iter().map(|event| event.data.kind_name()).collect()
    }

    async fn attempt_states(&self) -> Vec<AttemptState> {
        let attempts = self.store.attempts(AccountId::DEFAULT, self.order.id).await.unwrap();
        attempts.iter().map(|attempt: &Attempt| attempt.state).collect()
    }

    fn sent(&self) -> usize {
        self.chain.sent.lock().unwrap().len()
    }
}

const HAPPY: [&str; 6] = ["accepted", "routing_started", "routed", "building", "submitted", "confirmed"];

#[tokio::test(start_paused = true)]
async fn the_happy_path_writes_every_step_and_sends_once() {
    let bench = Bench::new(false, &[]).await;
    assert_eq!(bench.execute().await, Outcome::Confirmed);
    assert_eq!(bench.kinds().await, HAPPY);
    assert_eq!((bench.sent(), bench.attempt_states().await), (1, vec![AttemptState::Landed]));
    assert_eq!(bench.execute().await, Outcome::NotClaimed, "a repeated delivery does nothing");
}

#[tokio::test(start_paused = true)]
async fn a_reverted_attempt_is_tried_again_after_its_wait_and_fails_after_the_third() {
    let bench = Bench::new(false, &[Ok(Answer::Reverted); 3]).await;
    assert_eq!(bench.execute().await, Outcome::Retrying);
    assert_eq!(bench.execute().await, Outcome::NotClaimed, "not before its wait is over");
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(bench.execute().await, Outcome::Retrying);
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(bench.execute().await, Outcome::Failed);
    assert_eq!(bench.attempt_states().await, [AttemptState::Reverted; 3]);
    let order = bench.store.order(AccountId::DEFAULT, bench.order.id).await.unwrap().unwrap();
    assert_eq!((order.status, order.attempt), (OrderStatus::Failed, 3));
    assert_eq!(order.failure.unwrap().code, FailureCode::SlippageExceeded, "the reason is kept");
    assert_eq!(bench.kinds().await.iter().filter(|kind| **kind == "failed").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_succeed_fails_at_once() {
    let bench = Bench::new(true, &[]).await;
    assert_eq!(bench.execute().await, Outcome::Failed);
    assert_eq!(bench.kinds().await, ["accepted", "routing_started", "failed"]);
    assert_eq!(bench.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_is_not_seen_is_sent_again_with_the_same_bytes() {
    let bench = Bench::new(false, &[Ok(Answer::Unknown), Ok(Answer::Unknown)]).await;
    assert_eq!(bench.execute().await, Outcome::Confirmed);
    let sent = bench.chain.sent.lock().unwrap().clone();
    assert_eq!(sent, vec![Signature::from_bytes(&[1; 64]); 3]);
}

#[tokio::test(start_paused = true)]
async fn an_expired_attempt_is_asked_about_twice_before_a_new_one_is_made() {
    // The first witness is alone: the second says the transaction landed after all.
    let bench = Bench::new(false, &[Ok(Answer::Expired), Ok(Answer::Landed), Ok(Answer::Landed)]).await;
    assert_eq!(bench.execute().await, Outcome::Confirmed);
    assert_eq!(bench.attempt_states().await, [AttemptState::Landed]);

    let bench = Bench::new(false, &[Ok(Answer::Expired), Ok(Answer::Expired)]).await;
    assert_eq!(bench.execute().await, Outcome::Retrying);
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(bench.execute().await, Outcome::Confirmed);
    assert_eq!(bench.attempt_states().await, [AttemptState::Expired, AttemptState::Landed]);
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_chain_leaves_the_order_submitted_until_it_answers() {
    let bench = Bench::new(false, &[Err(()), Err(()), Err(())]).await;
    assert_eq!(bench.execute().await, Outcome::Confirmed);
    assert_eq!(bench.kinds().await, HAPPY);
}

#[tokio::test(start_paused = true)]
async fn an_inherited_attempt_is_settled_before_anything_else() {
    // The first worker is cut off while it waits for its transaction.
    let bench = Bench::new(false, &[Ok(Answer::Unknown), Ok(Answer::Unknown)]).await;
    let cut = tokio::time::timeout(Duration::from_millis(500), bench.execute()).await;
    assert!(cut.is_err());
    assert_eq!(bench.attempt_states().await, [AttemptState::Unresolved]);
    bench.clock.advance(Duration::from_hours(2)); // its lease runs out
    assert_eq!(bench.execute().await, Outcome::Confirmed);
    assert_eq!(*bench.chain.signed.lock().unwrap(), 1, "no second transaction was made");
    assert_eq!(bench.attempt_states().await, [AttemptState::Landed]);
}

#[tokio::test(start_paused = true)]
async fn stopping_gives_the_claim_back_at_once() {
    let bench = Bench::new(false, &[Ok(Answer::Unknown), Ok(Answer::Unknown)]).await;
    let stop = CancellationToken::new();
    let (outcome, ()) = tokio::join!(bench.executor.execute(bench.order.id, &stop), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stop.cancel();
    });
    assert_eq!(outcome, Outcome::Interrupted);
    assert_eq!(bench.execute().await, Outcome::Confirmed, "without waiting for the lease to end");
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_never_answers_loses_its_orders_to_another_worker() {
    let bench = Bench::new(false, &[]).await;
    bench.chain.hangs.store(true, Ordering::SeqCst);
    assert_eq!(bench.execute().await, Outcome::Interrupted, "the execution ends by itself");
    assert_eq!(bench.attempt_states().await, [AttemptState::Unresolved], "it may have been sent");
    bench.chain.hangs.store(false, Ordering::SeqCst);
    assert_eq!(bench.execute().await, Outcome::Confirmed, "the order is free, its lease has not run out");
    assert_eq!(*bench.chain.signed.lock().unwrap(), 1, "no second transaction was made");
    let due = bench.store.lease_due(1, Duration::ZERO).await.unwrap();
    assert!(due.is_empty(), "{due:?}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_chain_that_answers_keeps_its_orders() {
    // twenty answers, two seconds each: far longer than an execution may be silent
    let bench = Bench::new(false, &[Ok(Answer::Unknown); 20]).await;
    assert_eq!(bench.execute().await, Outcome::Confirmed);
    assert_eq!(bench.sent(), 21);
}

impl Bench {
    async fn claim(&self) -> domain::ports::Claim {
        let claim = self.store.claim(self.order.id, "other", LEASE).await.unwrap();
        claim.expect("the order is free")
    }

    async fn is_free(&self) -> bool {
        let claim = self.store.claim(self.order.id, "other", Duration::ZERO).await.unwrap();
        if let Some(claim) = &claim {
            self.store.release(claim.fence, Duration::ZERO).await.unwrap();
        }
        claim.is_some()
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_kills_its_executions_is_held_longer_each_time_and_never_failed() {
    let bench = Bench::new(false, &[]).await;
    bench.panics.store(true, Ordering::SeqCst);
    for _ in 0..PARKED_AFTER {
        assert_eq!(bench.execute().await, Outcome::Interrupted);
        assert!(!bench.is_free().await, "its lease runs out first");
        bench.clock.advance(LEASE);
    }
    for doublings in 1..=3 {
        assert_eq!(bench.execute().await, Outcome::Interrupted);
        bench.clock.advance(LEASE);
        assert!(!bench.is_free().await, "parked for longer than before");
        bench.clock.advance(LEASE * ((1 << doublings) - 1));
    }
    bench.panics.store(false, Ordering::SeqCst);
    assert_eq!(bench.execute().await, Outcome::Confirmed, "once the bug is mended it goes on");
}

#[tokio::test(start_paused = true)]
async fn what_a_store_error_interrupted_does_not_count_against_the_order() {
    let bench = Bench::new(false, &[]).await;
    for _ in 0..3 * PARKED_AFTER {
        bench.store.refuse_commits(true);
        assert_eq!(bench.execute().await, Outcome::Interrupted);
        bench.clock.advance(LEASE);
    }
    bench.store.refuse_commits(false);
    assert_eq!(bench.claim().await.lost_claims, 0);
    bench.clock.advance(LEASE);
    assert_eq!(bench.execute().await, Outcome::Confirmed);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_was_given_back_often_is_as_good_as_any() {
    let bench = Bench::new(false, &[Ok(Answer::Unknown); 100]).await;
    for _ in 0..3 * PARKED_AFTER {
        let stop = CancellationToken::new();
        let (outcome, ()) = tokio::join!(bench.executor.execute(bench.order.id, &stop), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            stop.cancel();
        });
        assert_eq!(outcome, Outcome::Interrupted);
    }
    assert_eq!(bench.claim().await.lost_claims, 0);
}
