//! Canceled, expired and resting orders.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_cancel_during_the_execution_keeps_it_from_submitting() {
    let bench = Bench::new(false, &[]).await;
    let claim = bench.claim().await;
    assert!(matches!(bench.cancel().await, domain::ports::Cancellation::Requested(_)));
    bench.store.release(claim.fence, Duration::ZERO).await.unwrap();
    assert_eq!(bench.execute().await, ExecutionOutcome::Canceled, "the next claim knows of it");
    assert_eq!(bench.kinds().await, ["accepted", "canceled"]);
    assert_eq!(bench.sent(), 0);

    // the execution that holds the order does not know of it until it submits
    let bench = Bench::new(false, &[]).await;
    let cancels = CancelsWhileQuoting { bench: &bench };
    assert_eq!(cancels.execute().await, ExecutionOutcome::Canceled);
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
    async fn execute(&self) -> ExecutionOutcome {
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
    for (answer, outcome, kinds) in [
        (Answer::Landed, ExecutionOutcome::Confirmed, "confirmed"),
        (Answer::Reverted, ExecutionOutcome::Canceled, "canceled"),
    ] {
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
    assert_eq!(outcome, ExecutionOutcome::Canceled);
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
    assert_eq!(bench.execute().await, ExecutionOutcome::Expired);
    assert_eq!(bench.kinds().await, ["accepted", "expired"]);
    assert_eq!(bench.sent(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_waits_for_its_next_attempt_expires_on_time() {
    let bench = Bench::expiring(&[Ok(Answer::Reverted)], Duration::from_millis(1)).await;
    assert_eq!(bench.execute().await, ExecutionOutcome::Retrying);
    let row = bench.row().await;
    assert_eq!(row.next_attempt_at, row.spec.expires_at, "it waits no longer than that");
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(bench.execute().await, ExecutionOutcome::Expired);
    let row = bench.row().await;
    assert_eq!(
        row.failure.unwrap().code,
        FailureCode::SlippageExceeded,
        "the last attempt's failure is kept"
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_submitted_before_the_expiry_may_land_after_it_and_the_event_says_so() {
    for (answer, outcome) in
        [(Answer::Landed, ExecutionOutcome::Confirmed), (Answer::Reverted, ExecutionOutcome::Expired)]
    {
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
async fn a_resting_order_is_only_inspected() {
    let expires_at = ManualClock::default().now() + Duration::from_secs(5);
    for ends in [ExecutionOutcome::Expired, ExecutionOutcome::Canceled] {
        let mut acceptance = samples::acceptance();
        acceptance.order.spec.expires_at = Some(expires_at);
        acceptance.order.status = OrderStatus::Open;
        let bench = Bench::of(false, &[], acceptance).await;
        assert_eq!(bench.execute().await, ExecutionOutcome::Rests);
        assert_eq!(bench.row().await.status, OrderStatus::Open);
        if ends == ExecutionOutcome::Canceled {
            bench.cancel().await; // and the process that did it dies
        }
        bench.clock.advance(LEASE);
        assert_eq!(bench.execute().await, ends);
        assert_eq!(bench.sent(), 0);
    }
}
