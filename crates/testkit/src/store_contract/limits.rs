//! The limits of a wallet: what it does not have, and more than it can have.

use domain::{
    AccountId, Amount, EventData, Order, SwapAmount, Token,
    books::{Balance, Funding, Payment, PostingKind, Shortage, Transfer, TransferKind, TransferOutcome},
    ports::{Acceptance, Accepted, AttemptState, ClaimAction, CommitOutcome, Effect, OrderStore},
};
use futures::future::join_all;

use super::{
    books::{NEEDED, SOL, asked, balance, for_units, opened, sol, submitted, transfer},
    step,
};
use crate::samples;

pub(super) async fn check(store: &dyn OrderStore) {
    what_a_wallet_cannot_hold_is_withdrawn(store).await;
    more_than_a_wallet_can_ever_have_is_counted_too(store).await;
    an_order_that_cannot_be_paid_brings_nothing(store).await;
    an_order_that_cannot_be_paid_stands_in_nobodys_way(store).await;
    orders_that_come_together_spend_nothing_twice(store).await;
}

async fn what_a_wallet_cannot_hold_is_withdrawn(store: &dyn OrderStore) {
    let wallet = opened(store, 10 * SOL).await;
    let usdc = samples::usdc().mint();
    let payment = Payment { mint: usdc, units: Amount(Balance::MAX - 1), worth: None };
    let nearly_full = Transfer { payments: vec![payment], ..transfer(wallet, TransferKind::Deposit, 0) };
    assert_eq!(store.transfer(nearly_full).await.unwrap(), TransferOutcome::Done);
    for room in [1, 0] {
        let (mut claim, attempt) = submitted(store, wallet).await;
        let change = Some(samples::resolve(&attempt, AttemptState::Landed));
        let commit = step(&mut claim, vec![samples::confirmed(&attempt)], change, ClaimAction::Finish);
        assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
        assert_eq!(balance(store, wallet, usdc).await, (Balance::MAX, 0));
        let entries = store.entries_of(claim.order.id).await.unwrap();
        let last = entries[1].entry.postings.last().unwrap();
        let excess = Amount(samples::fill(&attempt).amount_out.units.0 - room);
        assert_eq!((last.kind, last.mint, last.units), (PostingKind::Withdrawal, usdc, excess));
    }
    let payment = Payment { mint: usdc, units: Amount(1), worth: None };
    let more = Transfer { payments: vec![payment], ..transfer(wallet, TransferKind::Deposit, 0) };
    assert_eq!(store.transfer(more).await.unwrap(), TransferOutcome::TooMuch(usdc));
}

/// Amounts are 64 bits without a sign, and what the databases count has one.
async fn more_than_a_wallet_can_ever_have_is_counted_too(store: &dyn OrderStore) {
    let wallet = opened(store, NEEDED).await;
    let asks_too_much = for_units(wallet, u64::MAX);
    let Accepted::Insufficient(shortages) = store.accept(asks_too_much.clone()).await.unwrap() else {
        panic!("accepted an order that no wallet can pay")
    };
    assert_eq!(shortages, [Shortage { mint: sol(), needed: Amount(u64::MAX), free: Amount(NEEDED) }]);
    assert_eq!(store.order(AccountId::DEFAULT, asks_too_much.order.id).await.unwrap(), None);

    let (mut claim, attempt) = submitted(store, wallet).await;
    let EventData::Confirmed { mut fill, after_expiry } = samples::confirmed(&attempt) else {
        unreachable!("it is confirmed")
    };
    fill.amount_out.units = Amount(u64::MAX);
    let change = Some(samples::resolve(&attempt, AttemptState::Landed));
    let confirmed = EventData::Confirmed { fill, after_expiry };
    let commit = step(&mut claim, vec![confirmed], change, ClaimAction::Finish);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    assert_eq!(balance(store, wallet, samples::usdc().mint()).await, (Balance::MAX, 0));
}

async fn an_order_that_cannot_be_paid_brings_nothing(store: &dyn OrderStore) {
    let wallet = opened(store, 3 * SOL).await;
    let child = asked(wallet);
    let id = child.order.id;
    let effects = vec![Effect::Accept(Box::new(child))];
    let parent = Acceptance { effects, ..for_units(wallet, 5 * SOL) };
    assert!(matches!(store.accept(parent).await.unwrap(), Accepted::Insufficient(_)));
    assert_eq!(store.order(AccountId::DEFAULT, id).await.unwrap(), None);
    assert_eq!(balance(store, wallet, sol()).await, (3 * SOL, 0));
}

/// Not even while both are being written.
async fn an_order_that_cannot_be_paid_stands_in_nobodys_way(store: &dyn OrderStore) {
    let wallet = opened(store, 3 * SOL).await;
    for number in 10..18 {
        let key = Some(samples::order_id().to_string());
        let too_much = Acceptance { idempotency_key: key.clone(), ..for_units(wallet, 5 * SOL) };
        let fingerprint = [number; 32];
        let other = Acceptance { idempotency_key: key, fingerprint, ..for_units(wallet, 1) };
        let (_, other) = tokio::join!(store.accept(too_much), store.accept(other));
        assert_eq!(other.unwrap(), Accepted::Created);
    }
}

async fn orders_that_come_together_spend_nothing_twice(store: &dyn OrderStore) {
    let needed = NEEDED;
    let wallet = opened(store, 10 * needed + 1).await;
    let results = join_all((0..40).map(|_| store.accept(asked(wallet)))).await;
    let created = results.iter().filter(|result| matches!(result, Ok(Accepted::Created))).count();
    let refused = results.iter().filter(|result| matches!(result, Ok(Accepted::Insufficient(_)))).count();
    assert_eq!((created, refused), (10, 30));
    assert_eq!(balance(store, wallet, sol()).await, (10 * needed + 1, 10 * needed));

    let usdc = samples::usdc();
    let mut spec = samples::spec();
    spec.request.amount = SwapAmount::ExactIn(Amount(SOL));
    (spec.request.token_in, spec.request.token_out) = (usdc, Token::SOL);
    spec.funding = Some(Funding { wallet, swap: Amount(1), costs: Amount(1), rent: Amount(0) });
    let acceptance = samples::acceptance();
    let (order, event) =
        Order::accept(acceptance.order.id, AccountId::DEFAULT, None, spec, acceptance.order.created_at);
    let refused = store.accept(Acceptance { order, event, ..acceptance }).await.unwrap();
    let shortage = Shortage { mint: usdc.mint(), needed: Amount(1), free: Amount(0) };
    assert_eq!(refused, Accepted::Insufficient(vec![shortage]));
    assert_eq!(
        balance(store, wallet, sol()).await.1,
        10 * needed,
        "the part that would have fit is not held"
    );
}
