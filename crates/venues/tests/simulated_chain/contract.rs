//! What the simulated chain promises, over each of its transaction logs.

use std::{sync::Arc, time::Duration};

use crate::support::{self, IDEAL, INSTANT, SEED, World, contract, landed, status, swap, swap_for_at_least};
use domain::{
    Amount, Fill, Plan, Signature, SignedTransaction, Token, TokenAmount,
    ports::{Chain, Signer, TransactionStatus},
    swap::SlippageBound,
};
use futures::future::join_all;
use testkit::samples;
use venues::{
    config::Conditions,
    simulated::{
        SLOT, SimulatedChain, SimulatedSigner, VALID_SLOTS, height_at,
        market::Market,
        transaction_log::{Entry, LandingOutcome},
    },
};

/// Long enough for a transaction that is sent now to land or be too old.
const VALIDITY: Duration = Duration::from_secs(61);

contract! {
    the_same_bytes_twice_are_one_transaction
    a_transaction_lands_after_its_delay_at_the_price_of_that_moment
    two_transactions_of_one_swap_both_land_and_are_seen
    a_lost_transaction_is_not_on_chain_and_may_be_sent_again
    a_broken_bound_reverts
    a_failing_program_reverts
    a_transaction_that_lands_too_late_expires
    what_was_never_sent_expires_and_stays_so_whoever_sends_it_late
    a_late_transaction_is_refused_before_anybody_asked
    a_sender_that_was_paused_before_its_write_comes_too_late
    a_transaction_that_is_there_outlives_the_question_after_its_expiry
    concurrent_sends_from_two_processes_are_one_transaction
    expiry_and_a_late_sender_never_both_win
    another_process_reads_what_was_written
    a_forged_transaction_is_refused
    a_plan_without_its_swap_lands_and_fails
    a_swap_with_wrong_decimals_lands_and_fails
    waiting_gives_up_when_patience_ends
}

async fn sign(chain: &SimulatedChain) -> SignedTransaction {
    support::sign(chain, &swap()).await
}

/// The program's name for its error; the chain charges for the transaction all the same.
fn failed(status: TransactionStatus) -> String {
    match status {
        TransactionStatus::Failed { network_fee: Some(Amount(5_000)), error, .. } => error.name.unwrap(),
        other => panic!("not failed: {other:?}"),
    }
}

async fn the_same_bytes_twice_are_one_transaction(world: World) {
    let chain = world.chain(IDEAL);
    let other = world.chain_of_another_process(IDEAL).await;
    let signed = sign(&chain).await;
    chain.send(&signed).await.unwrap();
    world.advance(Duration::from_secs(1)).await;
    chain.send(&signed).await.unwrap();
    other.send(&signed).await.unwrap();
    world.advance(Duration::from_secs(3)).await;
    assert_eq!(landed(status(&chain, &signed).await), landed(status(&other, &signed).await));
    assert_eq!(world.transactions().await.len(), 1);
}

async fn a_transaction_lands_after_its_delay_at_the_price_of_that_moment(world: World) {
    let conditions = Conditions { market_pace_percent: 100, ..IDEAL };
    let chain = world.chain(conditions);
    let signed = sign(&chain).await;
    assert_eq!(signed.last_valid_block_height, height_at(world.log.now()) + VALID_SLOTS);
    chain.send(&signed).await.unwrap();
    world.advance(Duration::from_millis(1_999)).await;
    assert_eq!(status(&chain, &signed).await, TransactionStatus::Unknown);
    world.advance(Duration::from_millis(1_001)).await;
    let landed = landed(status(&chain, &signed).await);
    let fill = Fill::of(&swap().request, swap().venue, &signed.signature, &landed).unwrap();

    let [entry] = &world.transactions().await[..] else { panic!("not one transaction") };
    let request = swap().request;
    let pool = Market::new(SEED, 100)
        .pool(fill.venue, request.token_in, request.token_out, entry.settles_at)
        .unwrap()
        .pool;
    let trade = pool.swap(request.amount).unwrap();
    let units = (fill.amount_in.units, fill.amount_out.units, fill.fee.units);
    assert_eq!(units, (trade.amount_in, trade.amount_out, trade.fee));
    assert_eq!(fill.slot, height_at(entry.settles_at));
    assert_eq!(fill.executed_price, fill.amount_out.to_decimal());
    assert_eq!(fill.network_fee, Some(Amount(5_000)));
    assert_eq!(entry.swap(), Some(swap()));
}

async fn two_transactions_of_one_swap_both_land_and_are_seen(world: World) {
    let chain = world.chain(INSTANT);
    let (one, two) = (sign(&chain).await, sign(&chain).await);
    assert_ne!(one.signature, two.signature);
    chain.send(&one).await.unwrap();
    chain.send(&two).await.unwrap();
    landed(status(&chain, &one).await);
    landed(status(&chain, &two).await);
    assert_eq!(world.transactions().await.len(), 2);
}

async fn a_lost_transaction_is_not_on_chain_and_may_be_sent_again(world: World) {
    let black_hole = world.chain(Conditions { drop_bps: 10_000, ..INSTANT });
    let signed = sign(&black_hole).await;
    black_hole.send(&signed).await.unwrap();
    assert_eq!(status(&black_hole, &signed).await, TransactionStatus::Unknown);
    assert!(world.transactions().await.is_empty());

    // Every slot is another draw, so one of a hundred gets through at nine in ten lost.
    let lossy = world.chain(Conditions { drop_bps: 9_000, ..INSTANT });
    for _ in 0..100 {
        world.advance(SLOT).await;
        lossy.send(&signed).await.unwrap();
        if status(&lossy, &signed).await != TransactionStatus::Unknown {
            break;
        }
    }
    landed(status(&lossy, &signed).await);
    assert_eq!(world.transactions().await.len(), 1);
}

async fn a_broken_bound_reverts(world: World) {
    let chain = world.chain(INSTANT);
    let signed = support::sign(&chain, &swap_for_at_least(1_000_000_000)).await;
    chain.send(&signed).await.unwrap();
    assert_eq!(failed(status(&chain, &signed).await), "ExceededSlippage");
}

async fn a_failing_program_reverts(world: World) {
    let chain = world.chain(Conditions { revert_bps: 10_000, ..INSTANT });
    let signed = sign(&chain).await;
    chain.send(&signed).await.unwrap();
    assert_eq!(failed(status(&chain, &signed).await), "Custom");
}

async fn a_transaction_that_lands_too_late_expires(world: World) {
    let chain = world.chain(Conditions { landing_min_ms: 90_000, landing_max_ms: 90_000, ..INSTANT });
    let signed = sign(&chain).await;
    chain.send(&signed).await.unwrap();
    world.advance(SLOT * 149).await;
    assert_eq!(status(&chain, &signed).await, TransactionStatus::Unknown);
    world.advance(SLOT * 2).await;
    assert_eq!(status(&chain, &signed).await, TransactionStatus::Expired);
    world.advance(VALIDITY).await;
    assert_eq!(status(&chain, &signed).await, TransactionStatus::Expired);
}

async fn what_was_never_sent_expires_and_stays_so_whoever_sends_it_late(world: World) {
    let chain = world.chain(INSTANT);
    let zombie = world.chain_of_another_process(INSTANT).await;
    let signed = sign(&chain).await;
    assert_eq!(status(&chain, &signed).await, TransactionStatus::Unknown);
    world.advance(VALIDITY).await;
    assert_eq!(status(&chain, &signed).await, TransactionStatus::Expired);
    zombie.send(&signed).await.unwrap();
    for chain in [&chain, &zombie] {
        assert_eq!(status(chain, &signed).await, TransactionStatus::Expired);
    }
    assert!(world.transactions().await.is_empty());
}

async fn a_late_transaction_is_refused_before_anybody_asked(world: World) {
    let chain = world.chain(INSTANT);
    let signed = sign(&chain).await;
    world.advance(VALIDITY).await;
    chain.send(&signed).await.unwrap();
    assert!(world.log.entries().await.unwrap().is_empty());
    assert_eq!(status(&chain, &signed).await, TransactionStatus::Expired);
}

/// The entry of a signature that a sender has in hand, and until when it is valid.
fn in_hand(world: &World, signed: &SignedTransaction) -> (Entry, domain::Timestamp) {
    let received_at = world.log.now();
    let entry = Entry {
        signature: signed.signature.clone(),
        signed_bytes: Some(signed.bytes.clone()),
        received_at,
        settles_at: received_at,
        outcome: LandingOutcome::Expired,
        accounts: Vec::new(),
    };
    (entry, received_at + Duration::from_mins(1))
}

async fn a_sender_that_was_paused_before_its_write_comes_too_late(world: World) {
    let signed = sign(&world.chain(INSTANT)).await;
    let (entry, valid_until) = in_hand(&world, &signed);
    world.advance(Duration::from_mins(1)).await;
    assert_eq!(world.log.record(entry.clone(), valid_until).await, Ok(None));
    let tombstone = Entry::tombstone(signed.signature.clone(), world.log.now());
    assert_eq!(world.log.record(tombstone.clone(), valid_until).await, Ok(Some(tombstone.clone())));
    assert_eq!(world.log.record(entry, valid_until).await, Ok(Some(tombstone)));
}

async fn a_transaction_that_is_there_outlives_the_question_after_its_expiry(world: World) {
    let signed = sign(&world.chain(INSTANT)).await;
    let (entry, valid_until) = in_hand(&world, &signed);
    let tombstone = Entry::tombstone(signed.signature.clone(), world.log.now());
    assert_eq!(world.log.record(tombstone.clone(), valid_until).await, Ok(None), "it may still land");
    world.advance(Duration::from_micros(59_999_999)).await;
    assert_eq!(world.log.record(entry.clone(), valid_until).await, Ok(Some(entry.clone())));
    world.advance(Duration::from_micros(1)).await;
    assert_eq!(world.log.record(tombstone, valid_until).await, Ok(Some(entry)));
}

async fn concurrent_sends_from_two_processes_are_one_transaction(world: World) {
    let chains = [world.chain(IDEAL), world.chain_of_another_process(IDEAL).await];
    let signed: Arc<Vec<_>> = Arc::new(join_all((0..20).map(|_| sign(&chains[0]))).await);
    let senders = (0..10).map(|sender| {
        let (chain, signed) = (chains[sender % 2].clone(), signed.clone());
        tokio::spawn(async move {
            let backwards = sender % 3 == 0;
            let sends = signed.iter().map(|signed| chain.send(signed));
            let sends: Vec<_> = if backwards { sends.rev().collect() } else { sends.collect() };
            for sent in join_all(sends).await {
                sent.unwrap();
            }
        })
    });
    for sender in join_all(senders).await {
        sender.unwrap();
    }
    world.advance(Duration::from_secs(3)).await;
    for signed in signed.iter() {
        assert_eq!(landed(status(&chains[0], signed).await), landed(status(&chains[1], signed).await));
    }
    assert_eq!(world.transactions().await.len(), 20);
}

/// The clock does not move, so two different `valid_until` make one transaction valid and the other expired.
async fn expiry_and_a_late_sender_never_both_win(world: World) {
    let logs = [world.log.clone(), world.of_another_process().await];
    let chain = world.chain(INSTANT);
    for _ in 0..20 {
        let signed = sign(&chain).await;
        let (entry, valid_until) = in_hand(&world, &signed);
        let tombstone = Entry::tombstone(signed.signature.clone(), world.log.now());
        let (sent, expired) =
            tokio::join!(logs[0].record(entry, valid_until), logs[1].record(tombstone, world.log.now()),);
        let (sent, expired) = (sent.unwrap(), expired.unwrap());
        assert!(sent.is_some());
        assert_eq!(sent, expired);
    }
}

async fn another_process_reads_what_was_written(world: World) {
    let conditions = Conditions { revert_bps: 5_000, ..INSTANT };
    let chain = world.chain(conditions);
    let mut sent = Vec::new();
    for _ in 0..20 {
        let signed = sign(&chain).await;
        chain.send(&signed).await.unwrap();
        sent.push((status(&chain, &signed).await, signed));
    }
    let other = world.chain_of_another_process(conditions).await;
    for (seen, signed) in sent {
        assert_eq!(status(&other, &signed).await, seen);
    }
    let entries = world.of_another_process().await.entries().await.unwrap();
    assert!(entries.iter().any(|entry| matches!(entry.outcome, LandingOutcome::Landed(_))));
    assert!(entries.iter().any(|entry| matches!(entry.outcome, LandingOutcome::Failed { .. })));
}

async fn a_forged_transaction_is_refused(world: World) {
    let chain = world.chain(INSTANT);
    let signed = sign(&chain).await;
    let forged = SignedTransaction { signature: Signature::from_bytes(&[1; 64]), ..signed };
    assert!(chain.send(&forged).await.is_err());
    assert!(world.transactions().await.is_empty());
}

/// What is signed is what the plan calls, not what it says it does.
async fn a_plan_without_its_swap_lands_and_fails(world: World) {
    let chain = world.chain(INSTANT);
    let plan = Plan { steps: swap().instructions(), calls: Vec::new() };
    let message = chain.compose(&plan, SimulatedSigner.address(None)).await.unwrap();
    let signed = message.signed(&SimulatedSigner.sign(&message.bytes).await.unwrap());
    chain.send(&signed).await.unwrap();
    assert_eq!(failed(status(&chain, &signed).await), "NothingToDo");
    let [entry] = &world.transactions().await[..] else { panic!("not one transaction") };
    assert_eq!(entry.swap(), None);
}

async fn a_swap_with_wrong_decimals_lands_and_fails(world: World) {
    let chain = world.chain(INSTANT);
    let mut swap = swap();
    swap.request.token_out = Token::new(samples::usdc().mint(), 9).unwrap();
    swap.bound = SlippageBound::MinAmountOut(TokenAmount::new(swap.request.token_out, Amount(1)));
    let signed = support::sign(&chain, &swap).await;
    chain.send(&signed).await.unwrap();
    assert_eq!(failed(status(&chain, &signed).await), "MintDecimalsMismatch");
}

async fn waiting_gives_up_when_patience_ends(world: World) {
    let chain = world.chain(IDEAL);
    let signed = sign(&chain).await;
    for _ in 0..2 {
        let patience = Duration::from_millis(5);
        let waited = chain.await_status(&signed, patience).await.unwrap();
        assert_eq!(waited, TransactionStatus::Unknown);
        chain.send(&signed).await.unwrap();
    }
}
