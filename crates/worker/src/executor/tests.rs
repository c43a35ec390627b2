use std::{
    collections::VecDeque,
    future::pending,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    AccountId, Address, FailureCode, Order, OrderStatus, Plan, ProgramError, Signature, SignedTransaction,
    Swap, VenueId,
    ports::{
        Acceptance, Attempt, AttemptState, BusMessage, ChainError, Executions, OrderIntake, OrderReads,
        PARKED_AFTER, SignerError, TransactionStatus, VenueError,
    },
    swap::Message,
};
use futures::stream::BoxStream;
use rand::SeedableRng;
use telemetry::Outage;
use testkit::{ManualClock, MemoryStore, samples};
use tokio_util::sync::CancellationToken;

use super::*;

/// A chain that answers by script and records what it was sent.
#[derive(Default)]
struct ScriptedChain {
    answers: Mutex<VecDeque<Result<Answer, ()>>>,
    sent: Mutex<Vec<Signature>>,
    signed: Mutex<u8>,
    /// While set, no call ever returns.
    hangs: AtomicBool,
    /// While set, there is no recent block hash.
    is_away: AtomicBool,
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

    fn next(&self) -> Result<TransactionStatus, ChainError> {
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Ok(Answer::Landed));
        match answer {
            Ok(Answer::Landed) => Ok(TransactionStatus::Landed(samples::landed())),
            Ok(Answer::Reverted) => {
                let error = ProgramError {
                    program: Address::new([9; 32]),
                    code: Some(6_005),
                    name: Some("ExceededSlippage".to_owned()),
                    message: "the price moved".to_owned(),
                };
                Ok(TransactionStatus::Failed { slot: 7, network_fee: None, error })
            }
            Ok(Answer::Unknown) => Ok(TransactionStatus::Unknown),
            Ok(Answer::Expired) => Ok(TransactionStatus::Expired),
            Err(()) => Err(ChainError::Unreachable("away".into())),
        }
    }
}

#[async_trait]
impl Chain for ScriptedChain {
    async fn compose(&self, plan: &Plan, payer: Address) -> Result<Message, Failure> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(Failure::new(FailureCode::ChainUnavailable, "no recent block hash"));
        }
        let mut signed = self.signed.lock().unwrap();
        *signed += 1;
        // what is built and who pays is what is signed
        let bytes = [&[*signed][..], &plan.calls[0].data, payer.as_bytes()].concat();
        Ok(Message { bytes, last_valid_block_height: 150 })
    }

    async fn send(&self, transaction: &SignedTransaction) -> Result<(), ChainError> {
        self.hang().await;
        self.sent.lock().unwrap().push(transaction.signature.clone());
        Ok(())
    }

    async fn status(&self, _: &SignedTransaction) -> Result<TransactionStatus, ChainError> {
        self.hang().await;
        self.next()
    }

    async fn await_status(
        &self,
        _: &SignedTransaction,
        patience: Duration,
    ) -> Result<TransactionStatus, ChainError> {
        self.hang().await;
        let status = self.next();
        if matches!(status, Ok(TransactionStatus::Unknown)) {
            tokio::time::sleep(patience).await;
        }
        status
    }
}

/// Signs with the first byte of the message.
struct FirstByte;

const OWNER: Address = Address::new([3; 32]);

#[async_trait]
impl Signer for FirstByte {
    fn address(&self) -> Address {
        OWNER
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        assert_eq!(message[1..], [b"built", &OWNER.as_bytes()[..]].concat());
        Ok([message[0]; 64])
    }
}

fn plan() -> Plan {
    let call = domain::Call { program: OWNER, accounts: Vec::new(), data: b"built".to_vec() };
    Plan { steps: Vec::new(), calls: vec![call], compute_margin_percent: 0 }
}

struct OneQuote {
    refuses: bool,
    panics: Arc<AtomicBool>,
}

#[async_trait]
impl Venue for OneQuote {
    fn id(&self) -> VenueId {
        VenueId::METEORA
    }

    async fn quotes(&self, _: &domain::QuoteRequest) -> Result<Vec<domain::Quote>, VenueError> {
        assert!(!self.panics.load(Ordering::SeqCst), "a venue with a bug");
        if self.refuses {
            return Err(Failure::at(VenueId::METEORA, FailureCode::NoRoute, "does not trade it"));
        }
        Ok(vec![samples::quote()])
    }

    async fn build(&self, _: &Swap, owner: Address) -> Result<Plan, VenueError> {
        assert_eq!(owner, OWNER);
        Ok(plan())
    }

    fn explain(&self, error: &ProgramError) -> FailureCode {
        assert_eq!(error.name.as_deref(), Some("ExceededSlippage"));
        FailureCode::SlippageExceeded
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
        signer: Arc::new(FirstByte),
        clock: Arc::new(ManualClock::default()),
        rng: Mutex::new(ChaCha8Rng::seed_from_u64(7)),
        policy: ExecutionPolicy {
            worker: "test".to_owned(),
            lease: LEASE,
            retry: RetryPolicy::default(),
            quote_deadline: Duration::from_secs(1),
            call_deadline: Duration::from_secs(5),
            rebroadcast_interval: Duration::from_secs(2),
            outage_deadline: Duration::from_mins(5),
            settle_patience: Duration::from_mins(2),
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
        Self::of(refuses, answers, samples::acceptance()).await
    }

    async fn of(refuses: bool, answers: &[Result<Answer, ()>], acceptance: Acceptance) -> Self {
        let panics = Arc::new(AtomicBool::new(false));
        let clock = Arc::new(ManualClock::default());
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let chain = Arc::new(ScriptedChain::default());
        chain.answers.lock().unwrap().extend(answers.iter().copied());
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

impl Bench {
    async fn cancel(&self) -> domain::ports::Cancellation {
        let cancel = domain::ports::Cancel {
            account: AccountId::DEFAULT,
            id: self.order.id,
            at: self.clock.now(),
            by: "api".to_owned(),
            lease: LEASE,
        };
        self.store.cancel(cancel).await.unwrap()
    }

    async fn row(&self) -> Order {
        self.store.order(AccountId::DEFAULT, self.order.id).await.unwrap().unwrap()
    }

    /// A bench whose order has these terms too.
    async fn with(answers: &[Result<Answer, ()>], change: impl FnOnce(&mut domain::OrderSpec)) -> Self {
        let mut acceptance = samples::acceptance();
        change(&mut acceptance.order.spec);
        acceptance.event.data = EventData::Accepted { order: acceptance.order.spec.clone() };
        Self::of(false, answers, acceptance).await
    }

    async fn expiring(answers: &[Result<Answer, ()>], after: Duration) -> Self {
        let expires_at = ManualClock::default().now() + after;
        Self::with(answers, |spec| spec.expires_at = Some(expires_at)).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_during_the_execution_keeps_it_from_submitting() {
    let bench = Bench::new(false, &[]).await;
    let claim = bench.claim().await;
    assert!(matches!(bench.cancel().await, domain::ports::Cancellation::Requested(_)));
    bench.store.release(claim.fence, Duration::ZERO).await.unwrap();
    assert_eq!(bench.execute().await, Outcome::Canceled, "the next claim knows of it");
    assert_eq!(bench.kinds().await, ["accepted", "canceled"]);
    assert_eq!(bench.sent(), 0);

    // the execution that holds the order does not know of it until it submits
    let bench = Bench::new(false, &[]).await;
    let cancels = CancelsWhileQuoting { bench: &bench };
    assert_eq!(cancels.execute().await, Outcome::Canceled);
    assert_eq!(bench.kinds().await, ["accepted", "routing_started", "canceled"]);
    assert_eq!((bench.sent(), bench.attempt_states().await), (0, vec![]));
}

/// Executes an order that is canceled as soon as its execution holds it.
struct CancelsWhileQuoting<'a> {
    bench: &'a Bench,
}

struct Gate(tokio::sync::Semaphore);

#[async_trait]
impl Venue for Gate {
    fn id(&self) -> VenueId {
        VenueId::METEORA
    }

    async fn quotes(&self, _: &domain::QuoteRequest) -> Result<Vec<domain::Quote>, VenueError> {
        let _entered = self.0.acquire().await.unwrap();
        Ok(vec![samples::quote()])
    }

    async fn build(&self, _: &Swap, owner: Address) -> Result<Plan, VenueError> {
        assert_eq!(owner, OWNER);
        Ok(plan())
    }

    fn explain(&self, error: &ProgramError) -> FailureCode {
        assert_eq!(error.name.as_deref(), Some("ExceededSlippage"));
        FailureCode::SlippageExceeded
    }
}

impl CancelsWhileQuoting<'_> {
    async fn execute(&self) -> Outcome {
        let gate = Arc::new(Gate(tokio::sync::Semaphore::new(0)));
        let executor = Executor {
            venues: vec![gate.clone()],
            chain: self.bench.chain.clone(),
            clock: self.bench.clock.clone(),
            ..executor_over(self.bench.store.clone())
        };
        let stop = CancellationToken::new();
        let executing = executor.execute(self.bench.order.id, &stop);
        let (outcome, ()) = tokio::join!(executing, async {
            let canceled = self.bench.cancel().await;
            assert!(matches!(canceled, domain::ports::Cancellation::Requested(_)));
            gate.0.add_permits(1);
        });
        outcome
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_of_what_was_submitted_lets_the_chain_decide() {
    for (answer, outcome, kinds) in
        [(Answer::Landed, Outcome::Confirmed, "confirmed"), (Answer::Reverted, Outcome::Canceled, "canceled")]
    {
        let bench = Bench::new(false, &[Ok(Answer::Unknown), Ok(answer)]).await;
        let cut = tokio::time::timeout(Duration::from_millis(500), bench.execute()).await;
        assert!(cut.is_err());
        assert!(matches!(bench.cancel().await, domain::ports::Cancellation::Requested(_)));
        bench.clock.advance(Duration::from_hours(2)); // its lease runs out
        assert_eq!(bench.execute().await, outcome);
        assert_eq!(bench.kinds().await.last(), Some(&kinds));
        assert_eq!(*bench.chain.signed.lock().unwrap(), 1, "no further attempt");
        assert!(bench.row().await.cancel_request.is_some());
    }
    // also when the execution learns of it only from the refusal of its next attempt
    let bench = Bench::new(false, &[Ok(Answer::Unknown), Ok(Answer::Reverted)]).await;
    let stop = CancellationToken::new();
    let (outcome, ()) = tokio::join!(bench.executor.execute(bench.order.id, &stop), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        bench.cancel().await;
    });
    assert_eq!(outcome, Outcome::Canceled);
    let row = bench.row().await;
    assert_eq!(
        (row.status, row.failure.unwrap().code),
        (OrderStatus::Canceled, FailureCode::SlippageExceeded)
    );
    assert_eq!(bench.attempt_states().await, [AttemptState::Reverted]);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_has_expired_is_not_submitted() {
    let bench = Bench::expiring(&[], Duration::ZERO).await;
    assert_eq!(bench.execute().await, Outcome::Expired);
    assert_eq!(bench.kinds().await, ["accepted", "expired"]);
    assert_eq!(bench.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_waits_for_its_next_attempt_expires_on_time() {
    let bench = Bench::expiring(&[Ok(Answer::Reverted)], Duration::from_millis(1)).await;
    assert_eq!(bench.execute().await, Outcome::Retrying);
    let row = bench.row().await;
    assert_eq!(row.next_attempt_at, row.spec.expires_at, "it waits no longer than that");
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(bench.execute().await, Outcome::Expired);
    let row = bench.row().await;
    assert_eq!(
        row.failure.unwrap().code,
        FailureCode::SlippageExceeded,
        "the last attempt's failure is kept"
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_submitted_before_the_expiry_may_land_after_it_and_the_event_says_so() {
    for (answer, outcome) in [(Answer::Landed, Outcome::Confirmed), (Answer::Reverted, Outcome::Expired)] {
        let bench = Bench::expiring(&[Ok(Answer::Unknown), Ok(answer)], Duration::from_secs(1)).await;
        let stop = CancellationToken::new();
        let (ended, ()) = tokio::join!(bench.executor.execute(bench.order.id, &stop), async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            bench.clock.advance(Duration::from_secs(1));
        });
        assert_eq!(ended, outcome);
        let events = bench.store.events(AccountId::DEFAULT, bench.order.id, 0, 100).await.unwrap();
        match &events.last().unwrap().data {
            EventData::Confirmed { after_expiry, .. } => assert!(after_expiry),
            EventData::Expired { failure, .. } => assert!(failure.is_some()),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_tighter_bound_applies_to_every_attempt() {
    let quoted = samples::quote().amount_out.units.0;
    let least = |units| Some(domain::swap::SlippageBound::MinAmountOut(samples::usdc_units(units)));
    let around = quoted - quoted * 50 / 10_000;
    for (own, applied) in [(quoted, quoted), (1, around)] {
        let bench = Bench::with(&[Ok(Answer::Reverted)], |spec| spec.bound = least(own)).await;
        for attempt in [Outcome::Retrying, Outcome::Confirmed] {
            assert_eq!(bench.execute().await, attempt);
            bench.clock.advance(Duration::from_mins(1));
        }
        let events = bench.store.events(AccountId::DEFAULT, bench.order.id, 0, 100).await.unwrap();
        let bounds: Vec<_> = events
            .iter()
            .filter_map(|event| match &event.data {
                EventData::Building { bound: domain::swap::SlippageBound::MinAmountOut(least), .. } => {
                    Some(least.units.0)
                }
                _ => None,
            })
            .collect();
        assert_eq!(bounds, [applied; 2]);
    }
    let bench = Bench::with(&[], |spec| spec.bound = least(quoted + 1)).await;
    assert_eq!(bench.execute().await, Outcome::Retrying);
    let failure = bench.row().await.failure.unwrap();
    assert_eq!(failure.code, FailureCode::BoundNotMet);
    assert!(failure.message.contains("less than minAmountOut"), "{failure}");
    assert_eq!(bench.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_resting_order_is_only_inspected() {
    let expires_at = ManualClock::default().now() + Duration::from_secs(5);
    for ends in [Outcome::Expired, Outcome::Canceled] {
        let mut acceptance = samples::acceptance();
        acceptance.order.spec.expires_at = Some(expires_at);
        acceptance.order.status = OrderStatus::Open;
        let bench = Bench::of(false, &[], acceptance).await;
        assert_eq!(bench.execute().await, Outcome::Rests);
        assert_eq!(bench.row().await.status, OrderStatus::Open);
        if ends == Outcome::Canceled {
            bench.cancel().await; // and the process that did it dies
        }
        bench.clock.advance(LEASE);
        assert_eq!(bench.execute().await, ends);
        assert_eq!(bench.sent(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_gives_no_answer_keeps_no_slot_and_the_next_claim_settles() {
    let bench = Bench::new(false, &[Err(()); 1_000]).await;
    assert_eq!(bench.execute().await, Outcome::Interrupted);
    assert_eq!(bench.attempt_states().await, [AttemptState::Unresolved]);
    assert_eq!(bench.row().await.status, OrderStatus::Submitted);
    assert!(!bench.is_free().await, "it is left alone for a while");
    bench.clock.advance(Duration::from_secs(30));
    assert_eq!(bench.claim().await.lost_claims, 0, "that counts for nothing");
    bench.clock.advance(LEASE);
    bench.chain.answers.lock().unwrap().clear();
    assert_eq!(bench.execute().await, Outcome::Confirmed);
    assert_eq!(*bench.chain.signed.lock().unwrap(), 1, "no second transaction was made");
}

#[tokio::test(start_paused = true)]
async fn an_outage_uses_up_no_attempt() {
    let bench = Bench::new(false, &[]).await;
    bench.chain.is_away.store(true, Ordering::SeqCst);
    for _ in 0..4 {
        assert_eq!(bench.execute().await, Outcome::Waiting);
        let row = bench.row().await;
        assert_eq!((row.attempt, row.status), (1, OrderStatus::Routing));
        assert_eq!(row.failure.unwrap().code, FailureCode::ChainUnavailable);
        assert_eq!(bench.execute().await, Outcome::NotClaimed, "not before its wait is over");
        bench.clock.advance(row.next_attempt_at.unwrap().since(bench.clock.now()));
    }
    bench.chain.is_away.store(false, Ordering::SeqCst);
    assert_eq!(bench.execute().await, Outcome::Confirmed);
    assert_eq!(bench.row().await.attempt, 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_lasts_fails_the_order_at_its_deadline() {
    let bench = Bench::new(false, &[]).await;
    bench.chain.is_away.store(true, Ordering::SeqCst);
    let began = bench.clock.now();
    let mut waits = 0;
    while bench.execute().await == Outcome::Waiting {
        waits += 1;
        let row = bench.row().await;
        bench.clock.advance(row.next_attempt_at.unwrap().since(bench.clock.now()));
    }
    let row = bench.row().await;
    assert_eq!((row.status, row.attempt), (OrderStatus::Failed, 1));
    assert_eq!(
        bench.clock.now().since(began),
        Duration::from_mins(5),
        "the last wait ends with the deadline"
    );
    assert!((5..40).contains(&waits), "the waits grow: {waits}");
}

#[tokio::test(start_paused = true)]
async fn an_order_that_waits_for_an_outage_can_be_canceled_and_expires() {
    let bench = Bench::new(false, &[]).await;
    bench.chain.is_away.store(true, Ordering::SeqCst);
    assert_eq!(bench.execute().await, Outcome::Waiting);
    assert!(matches!(bench.cancel().await, domain::ports::Cancellation::Claimed(_)));

    let bench = Bench::expiring(&[], Duration::from_millis(1)).await;
    bench.chain.is_away.store(true, Ordering::SeqCst);
    assert_eq!(bench.execute().await, Outcome::Waiting);
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(bench.execute().await, Outcome::Expired);
}
