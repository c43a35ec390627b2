//! What the tests of executions share.

mod attempts;
mod claims;
mod funding;
mod outages;
mod settling;
mod withdrawal;

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
use venues::simulated::SimulatedTokens;

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
                Ok(TransactionStatus::Failed {
                    slot: 7,
                    network_fee: samples::charged(AttemptState::Reverted),
                    error,
                })
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

/// Signs with the first byte of the message, unless it is told otherwise.
#[derive(Default)]
struct FirstByte(Option<SignerError>);

const OWNER: Address = Address::new([3; 32]);

#[async_trait]
impl Signer for FirstByte {
    fn address(&self, _: Option<domain::books::WalletId>) -> Address {
        OWNER
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        assert_eq!(message[1..], [b"built", &OWNER.as_bytes()[..]].concat());
        self.0.clone().map_or(Ok([message[0]; 64]), Err)
    }
}

fn plan() -> Plan {
    let call = domain::Call { program: OWNER, accounts: Vec::new(), data: b"built".to_vec() };
    Plan { steps: Vec::new(), calls: vec![call] }
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
        tokens: Arc::new(SimulatedTokens::default()),
        chain: Arc::new(ScriptedChain::default()),
        costs: samples::COSTS,
        signer: Arc::new(FirstByte::default()),
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

/// The events of an order that confirms at its first attempt.
const HAPPY: [&str; 6] = ["accepted", "routing_started", "routed", "building", "submitted", "confirmed"];

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

    async fn execute(&self) -> ExecutionOutcome {
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
        acceptance.event.data = EventData::Accepted { order: acceptance.order.spec.clone(), origin: None };
        Self::of(false, answers, acceptance).await
    }

    async fn expiring(answers: &[Result<Answer, ()>], after: Duration) -> Self {
        let expires_at = ManualClock::default().now() + after;
        Self::with(answers, |spec| spec.expires_at = Some(expires_at)).await
    }
}
