//! Wallets: what is held, paid and received goes with what caused it.

use std::{cell::Cell, time::Duration};

use domain::{
    AccountId, Amount, EventData, Mint, Order, Timestamp, Token,
    books::{
        Balance, Cause, Funding, Payment, PostingKind, Shortage, Transfer, TransferId, TransferKind,
        TransferOutcome, Wallet, WalletId,
    },
    ports::{
        Acceptance, Accepted, AttemptState, Claim, ClaimAction, CommitOutcome, Effect, OrderStore,
        WalletOpening,
    },
};
use futures::future::join_all;

use super::{LONG, step, submit};
use crate::samples;

const FEE: Amount = Amount(5_000);
pub(super) const SOL: u64 = 1_000_000_000;
const RENT: Amount = Amount(2 * samples::ACCOUNT_RENT.0);
/// What an order holds.
pub(super) const NEEDED: u64 = SOL + 3 * FEE.0 + RENT.0;

pub(super) async fn check(store: &dyn OrderStore) {
    a_wallet_is_opened_once(store).await;
    an_order_holds_what_it_may_need(store).await;
    a_repeated_order_holds_nothing(store).await;
    a_fill_is_settled_and_the_rest_released(store).await;
    a_reverted_attempt_pays_its_fee(store).await;
    a_fenced_commit_moves_nothing(store).await;
    what_effects_bring_is_held_too(store).await;
    transfers_are_carried_out_once(store).await;
    a_reset_begins_an_epoch_once_nothing_is_held(store).await;
    a_reset_beside_orders_loses_nothing(store).await;
    a_reader_that_follows_the_books_misses_no_entry(store).await;
}

pub(super) fn sol() -> Mint {
    Token::SOL.mint()
}

pub(super) fn lamports_of(units: u64) -> Payment {
    Payment { mint: sol(), units: Amount(units), worth: Some(Amount(units / 7)) }
}

/// A new wallet with so many lamports.
pub(super) async fn opened(store: &dyn OrderStore, lamports: u64) -> WalletId {
    let wallet = samples::wallet(WalletId(samples::order_id().0));
    let id = wallet.id;
    let opening = store.open_wallet(wallet, vec![lamports_of(lamports)]).await.unwrap();
    assert_eq!(opening, WalletOpening::Opened);
    id
}

/// An order for one SOL from a wallet.
pub(super) fn asked(wallet: WalletId) -> Acceptance {
    for_units(wallet, SOL)
}

/// An order whose swap holds `units` lamports.
pub(super) fn for_units(wallet: WalletId, units: u64) -> Acceptance {
    let mut spec = samples::spec();
    spec.funding = Some(Funding { wallet, swap: Amount(units), costs: Amount(3 * FEE.0), rent: RENT });
    let acceptance = samples::acceptance();
    let id = acceptance.order.id;
    let (order, event) = Order::accept(id, AccountId::DEFAULT, None, spec, acceptance.order.created_at);
    Acceptance { order, event, ..acceptance }
}

pub(super) async fn balance(store: &dyn OrderStore, wallet: WalletId, mint: Mint) -> (u64, u64) {
    let balances = store.balances(wallet).await.unwrap();
    let found = balances.into_iter().find(|(of, _)| *of == mint);
    let Balance { total, held } = found.map(|(_, balance)| balance).unwrap_or_default();
    (total.0, held.0)
}

pub(super) async fn submitted(store: &dyn OrderStore, wallet: WalletId) -> (Claim, domain::ports::Attempt) {
    let asked = asked(wallet);
    let id = asked.order.id;
    assert_eq!(store.accept(asked).await.unwrap(), Accepted::Created);
    let mut claim = store.claim(id, "worker", LONG).await.unwrap().unwrap();
    let (attempt, commit) = submit(&mut claim);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    (claim, attempt)
}

async fn a_wallet_is_opened_once(store: &dyn OrderStore) {
    let id = opened(store, 7).await;
    let again = store.open_wallet(samples::wallet(id), vec![lamports_of(7)]).await.unwrap();
    assert_eq!(again, WalletOpening::Known);
    let other = Wallet { name: id.to_string(), ..samples::wallet(WalletId(samples::order_id().0)) };
    for name in [id.to_string(), id.to_string().to_uppercase()] {
        let other = Wallet { name, ..other.clone() };
        assert_eq!(store.open_wallet(other, Vec::new()).await.unwrap(), WalletOpening::NameTaken);
    }
    assert_eq!(store.open_wallet(other.clone(), Vec::new()).await.unwrap(), WalletOpening::NameTaken);
    assert_eq!(balance(store, id, sol()).await, (7, 0));
    let known = store.wallets(AccountId::DEFAULT).await.unwrap();
    assert_eq!(known.iter().find(|known| known.id == id), Some(&samples::wallet(id)));
    let entries = store.entries(id, None, 10).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].entry, samples::wallet(id).opening(vec![lamports_of(7)]).entry());
}

async fn an_order_holds_what_it_may_need(store: &dyn OrderStore) {
    let needed = NEEDED;
    let wallet = opened(store, needed + 10).await;
    assert_eq!(store.accept(asked(wallet)).await.unwrap(), Accepted::Created);
    assert_eq!(balance(store, wallet, sol()).await, (needed + 10, needed));

    let refused = Acceptance { idempotency_key: Some(samples::order_id().to_string()), ..asked(wallet) };
    let shortage = Shortage { mint: sol(), needed: Amount(needed), free: Amount(10) };
    assert_eq!(store.accept(refused.clone()).await.unwrap(), Accepted::Insufficient(vec![shortage]));
    assert_eq!(store.order(AccountId::DEFAULT, refused.order.id).await.unwrap(), None);
    assert!(store.events(AccountId::DEFAULT, refused.order.id, 0, 10).await.unwrap().is_empty());
    assert_eq!(balance(store, wallet, sol()).await, (needed + 10, needed));
    assert_eq!(store.entries(wallet, None, 10).await.unwrap().len(), 2);

    // its key is free again
    deposit(store, wallet, needed).await;
    assert_eq!(store.accept(refused).await.unwrap(), Accepted::Created);
    let unknown = asked(WalletId(samples::order_id().0));
    assert!(matches!(store.accept(unknown).await.unwrap(), Accepted::Insufficient(_)));
}

pub(super) async fn deposit(store: &dyn OrderStore, wallet: WalletId, lamports: u64) {
    let transfer = transfer(wallet, TransferKind::Deposit, lamports);
    assert_eq!(store.transfer(transfer).await.unwrap(), TransferOutcome::Done);
}

pub(super) fn transfer(wallet: WalletId, kind: TransferKind, lamports: u64) -> Transfer {
    Transfer {
        id: TransferId(samples::order_id().0),
        wallet,
        kind,
        payments: vec![lamports_of(lamports)],
        at: Timestamp::from_unix_millis(1_800_000_000_001),
    }
}

async fn a_repeated_order_holds_nothing(store: &dyn OrderStore) {
    let wallet = opened(store, 10 * SOL).await;
    let key = Some(samples::order_id().to_string());
    let first = Acceptance { idempotency_key: key.clone(), ..asked(wallet) };
    assert_eq!(store.accept(first).await.unwrap(), Accepted::Created);
    let held = balance(store, wallet, sol()).await;
    let same = Acceptance { idempotency_key: key.clone(), ..asked(wallet) };
    assert!(matches!(store.accept(same).await.unwrap(), Accepted::Replayed(_)));
    let other = Acceptance { idempotency_key: key, fingerprint: [9; 32], ..asked(wallet) };
    assert!(matches!(store.accept(other).await.unwrap(), Accepted::Conflict(_)));
    assert_eq!(balance(store, wallet, sol()).await, held);
}

async fn a_fill_is_settled_and_the_rest_released(store: &dyn OrderStore) {
    let wallet = opened(store, 10 * SOL).await;
    let (mut claim, attempt) = submitted(store, wallet).await;
    let fill = samples::fill(&attempt);
    let change = Some(samples::resolve(&attempt, AttemptState::Landed));
    let commit = step(&mut claim, vec![samples::confirmed(&attempt)], change, ClaimAction::Finish);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    let spent = [fill.amount_in.units, fill.network_fee.unwrap(), samples::ACCOUNT_RENT].map(|paid| paid.0);
    let left = 10 * SOL - spent.iter().sum::<u64>();
    assert_eq!(balance(store, wallet, sol()).await, (left, 0));
    assert_eq!(balance(store, wallet, samples::usdc().mint()).await, (fill.amount_out.units.0, 0));
    let order = claim.order.id;
    let of_order = store.entries_of(order).await.unwrap();
    let newest = store.entries(wallet, None, 2).await.unwrap();
    assert_eq!(of_order.iter().rev().collect::<Vec<_>>(), newest.iter().collect::<Vec<_>>());
    assert_eq!(store.entries(wallet, Some(newest[1].position), 10).await.unwrap().len(), 1);
    let kinds: Vec<_> = of_order[1].entry.postings.iter().map(|posting| posting.kind).collect();
    assert_eq!(
        kinds,
        [
            PostingKind::Release,
            PostingKind::SwapIn,
            PostingKind::SwapOut,
            PostingKind::VenueFee,
            PostingKind::NetworkFee,
            PostingKind::Rent,
            PostingKind::RentRefund
        ]
    );
    let stored = store.order(AccountId::DEFAULT, order).await.unwrap().unwrap();
    assert_eq!((stored.network_fees, stored.spec.funding), (FEE, claim.order.spec.funding));
}

async fn a_reverted_attempt_pays_its_fee(store: &dyn OrderStore) {
    let wallet = opened(store, 10 * SOL).await;
    let (mut claim, attempt) = submitted(store, wallet).await;
    let change = Some(samples::resolve(&attempt, AttemptState::Reverted));
    let failure = domain::Failure { network_fee: Some(FEE), ..samples::failure() };
    let retrying = EventData::Retrying { failure, next_attempt_at: Timestamp::default() };
    let then = ClaimAction::RetryAfter(Duration::ZERO);
    let commit = step(&mut claim, vec![retrying], change, then);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    assert_eq!(balance(store, wallet, sol()).await, (10 * SOL - FEE.0, NEEDED - FEE.0));

    let mut claim = store.claim(claim.order.id, "worker", LONG).await.unwrap().unwrap();
    assert_eq!(claim.order.network_fees, FEE);
    let failed = EventData::Failed { failure: samples::failure() };
    let commit = step(&mut claim, vec![failed], None, ClaimAction::Finish);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    assert_eq!(balance(store, wallet, sol()).await, (10 * SOL - FEE.0, 0));
}

async fn a_fenced_commit_moves_nothing(store: &dyn OrderStore) {
    let wallet = opened(store, 10 * SOL).await;
    let (mut claim, attempt) = submitted(store, wallet).await;
    let before = balance(store, wallet, sol()).await;
    claim.fence.lease_epoch += 1;
    let change = Some(samples::resolve(&attempt, AttemptState::Landed));
    let commit = step(&mut claim, vec![samples::confirmed(&attempt)], change, ClaimAction::Finish);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Fenced);
    assert_eq!(balance(store, wallet, sol()).await, before);
    assert_eq!(store.entries_of(claim.order.id).await.unwrap().len(), 1);
}

async fn what_effects_bring_is_held_too(store: &dyn OrderStore) {
    let wallet = opened(store, 3 * SOL).await;
    let with_child = || {
        let effects = vec![Effect::Accept(Box::new(asked(wallet)))];
        Acceptance { effects, ..asked(wallet) }
    };
    assert_eq!(store.accept(with_child()).await.unwrap(), Accepted::Created);
    assert_eq!(balance(store, wallet, sol()).await, (3 * SOL, 2 * NEEDED));
}

async fn transfers_are_carried_out_once(store: &dyn OrderStore) {
    let wallet = opened(store, 100).await;
    let deposit = transfer(wallet, TransferKind::Deposit, 50);
    assert_eq!(store.entry_of(deposit.id).await.unwrap(), None);
    assert_eq!(store.transfer(deposit.clone()).await.unwrap(), TransferOutcome::Done);
    assert_eq!(store.entry_of(deposit.id).await.unwrap().unwrap().entry, deposit.entry());
    let later = Transfer { at: Timestamp::from_unix_millis(1_800_000_000_009), ..deposit.clone() };
    assert_eq!(store.transfer(later).await.unwrap(), TransferOutcome::Replayed);
    let other = Transfer { payments: vec![lamports_of(51)], ..deposit };
    assert_eq!(store.transfer(other).await.unwrap(), TransferOutcome::Conflict);
    assert_eq!(balance(store, wallet, sol()).await, (150, 0));

    let shortage = Shortage { mint: sol(), needed: Amount(151), free: Amount(150) };
    let too_much = transfer(wallet, TransferKind::Withdrawal, 151);
    assert_eq!(store.transfer(too_much).await.unwrap(), TransferOutcome::Insufficient(vec![shortage]));
    let all = transfer(wallet, TransferKind::Withdrawal, 150);
    assert_eq!(store.transfer(all).await.unwrap(), TransferOutcome::Done);
    assert_eq!(balance(store, wallet, sol()).await, (0, 0));
    for absurd in [Balance::MAX + 1, u64::MAX] {
        let deposit = transfer(wallet, TransferKind::Deposit, absurd);
        assert_eq!(store.transfer(deposit).await.unwrap(), TransferOutcome::TooMuch(sol()));
    }
    assert_eq!(store.entries(wallet, None, 10).await.unwrap().len(), 3);
}

async fn a_reset_begins_an_epoch_once_nothing_is_held(store: &dyn OrderStore) {
    let wallet = opened(store, 3 * SOL).await;
    let (mut claim, attempt) = submitted(store, wallet).await;
    let reset = transfer(wallet, TransferKind::Reset, 5);
    assert_eq!(store.transfer(reset.clone()).await.unwrap(), TransferOutcome::Held);
    let known = epoch(store, wallet).await;
    assert_eq!(known, 0);

    let change = Some(samples::resolve(&attempt, AttemptState::Landed));
    let commit = step(&mut claim, vec![samples::confirmed(&attempt)], change, ClaimAction::Finish);
    assert_eq!(store.commit(commit).await.unwrap(), CommitOutcome::Committed);
    assert_eq!(store.transfer(reset.clone()).await.unwrap(), TransferOutcome::Done);
    assert_eq!(balance(store, wallet, sol()).await, (5, 0));
    assert_eq!(balance(store, wallet, samples::usdc().mint()).await, (0, 0));
    assert_eq!(epoch(store, wallet).await, 1);

    assert_eq!(store.transfer(reset.clone()).await.unwrap(), TransferOutcome::Replayed);
    let other = Transfer { payments: vec![lamports_of(6)], ..reset.clone() };
    assert_eq!(store.transfer(other).await.unwrap(), TransferOutcome::Conflict);
    let deposit = Transfer { kind: TransferKind::Deposit, ..reset.clone() };
    assert_eq!(store.transfer(deposit).await.unwrap(), TransferOutcome::Conflict);
    let again = Transfer { id: TransferId(samples::order_id().0), ..reset.clone() };
    assert_eq!(store.transfer(again).await.unwrap(), TransferOutcome::Done);
    assert_eq!((balance(store, wallet, sol()).await, epoch(store, wallet).await), ((5, 0), 2));

    let all = store.entries_after(wallet, 0, 10).await.unwrap();
    let newest = store.entries(wallet, None, 10).await.unwrap();
    assert_eq!(all.iter().rev().collect::<Vec<_>>(), newest.iter().collect::<Vec<_>>());
    assert_eq!(store.entries_after(wallet, all[2].position, 1).await.unwrap(), all[3..4]);
    let causes: Vec<_> = all.iter().map(|posted| posted.entry.cause).collect();
    assert_eq!(causes[3], Cause::Reset { id: reset.id, epoch: 1 });
    let deposited = all[3].entry.postings.iter().find(|posting| posting.kind == PostingKind::Deposit);
    assert_eq!(deposited.unwrap().worth, lamports_of(5).worth);
}

async fn epoch(store: &dyn OrderStore, wallet: WalletId) -> u32 {
    let wallets = store.wallets(AccountId::DEFAULT).await.unwrap();
    wallets.iter().find(|known| known.id == wallet).unwrap().epoch
}

async fn a_reset_beside_orders_loses_nothing(store: &dyn OrderStore) {
    let wallet = opened(store, 100 * SOL).await;
    let orders = join_all((0..20).map(|_| store.accept(asked(wallet))));
    let resets = join_all((0..5).map(|_| store.transfer(transfer(wallet, TransferKind::Reset, 100 * SOL))));
    let deposits = join_all((0..5).map(|_| store.transfer(transfer(wallet, TransferKind::Deposit, 1))));
    let (orders, resets, deposits) = futures::join!(orders, resets, deposits);
    let created = orders.iter().filter(|result| matches!(result, Ok(Accepted::Created))).count() as u64;
    assert_eq!(created, 20, "{orders:?}");
    assert!(deposits.iter().all(|outcome| *outcome.as_ref().unwrap() == TransferOutcome::Done));
    let done = resets.iter().filter(|outcome| *outcome.as_ref().unwrap() == TransferOutcome::Done);
    assert_eq!(epoch(store, wallet).await as usize, done.count());
    assert_eq!(balance(store, wallet, sol()).await.1, created * NEEDED);
    let mut last = 0;
    for posted in store.entries_after(wallet, 0, 100).await.unwrap() {
        assert!(posted.position > last);
        last = posted.position;
    }
}

async fn a_reader_that_follows_the_books_misses_no_entry(store: &dyn OrderStore) {
    let wallet = opened(store, 1_000 * SOL).await;
    let has_ended = Cell::new(false);
    let waves = join_all((0..4).map(async |_| {
        for _ in 0..10 {
            join_all((0..5).map(|_| store.accept(asked(wallet)))).await;
        }
    }));
    let write = async {
        waves.await;
        has_ended.set(true);
    };
    let follow = async {
        let (mut last, mut count) = (0, 0);
        loop {
            let was_over = has_ended.get();
            let page = store.entries_after(wallet, last, 100).await.unwrap();
            let Some(newest) = page.last() else {
                if was_over {
                    return count;
                }
                tokio::task::yield_now().await;
                continue;
            };
            (last, count) = (newest.position, count + page.len());
        }
    };
    let (followed, ()) = futures::join!(follow, write);
    assert_eq!(followed, 1 + 200, "the opening and every hold");
}
