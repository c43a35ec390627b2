//! Negative controls of the rules about books: each way to get them wrong is found.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use domain::{
    Amount, OrderStatus, Token,
    books::{Balance, Cause, Entry, Posting, PostingKind, TransferId, changes},
    swap::Rent,
};
use reliability::{
    checker::{Evidence, OrderRecord, Rule, check},
    simulation,
};
use venues::simulated::{ACCOUNT_RENT, transaction_log::LandingOutcome};

/// A run of the simulation in which two orders were confirmed.
fn clean() -> Evidence {
    let confirms = |evidence: &Evidence| {
        let confirmed = |record: &&OrderRecord| record.order.status == OrderStatus::Confirmed;
        evidence.orders.iter().filter(confirmed).count() >= 2
    };
    (1..100).map(|seed| simulation::run(seed, None).evidence).find(confirms).unwrap()
}

/// The rules that are broken once `break_it` has had its way.
fn broken(break_it: impl FnOnce(&mut Evidence)) -> BTreeSet<Rule> {
    let mut evidence = clean();
    break_it(&mut evidence);
    check(&evidence).into_iter().map(|violation| violation.rule).collect()
}

/// The balance of SOL, which the orders of the simulation spend.
fn sol(evidence: &mut Evidence) -> &mut Balance {
    let mut balances = evidence.wallets[0].balances.iter_mut();
    &mut balances.find(|(mint, _)| *mint == Token::SOL.mint()).unwrap().1
}

/// The last entry that has a posting of a kind, and where that posting is.
fn last(evidence: &mut Evidence, kind: PostingKind) -> (&mut Entry, usize) {
    let place = |entry: &Entry| entry.postings.iter().position(|posting| posting.kind == kind);
    let entries = evidence.wallets[0].entries.iter_mut().rev();
    let mut found = entries.filter_map(|entry| place(entry).map(|place| (entry, place)));
    found.next().unwrap()
}

#[test]
fn a_run_in_which_all_is_well_breaks_nothing() {
    assert_eq!(broken(|_| {}), BTreeSet::new());
}

#[test]
fn a_balance_without_its_posting_is_found() {
    assert_eq!(broken(|evidence| sol(evidence).total.0 += 1), BTreeSet::from([Rule::BooksAddUp]));
    let gone = broken(|evidence| evidence.wallets[0].balances.clear());
    assert_eq!(gone, BTreeSet::from([Rule::BooksAddUp]));
}

#[test]
fn a_posting_outside_the_transaction_of_its_balance_is_found() {
    let rules = broken(|evidence| {
        let (entry, place) = last(evidence, PostingKind::NetworkFee);
        entry.postings.remove(place);
    });
    assert_eq!(rules, BTreeSet::from([Rule::BooksAddUp, Rule::PostingsAreTrue, Rule::FeesAreTrue]));
}

#[test]
fn a_forgotten_release_is_found() {
    let rules = broken(|evidence| {
        let (entry, place) = last(evidence, PostingKind::Release);
        let Posting { units, .. } = entry.postings.remove(place);
        sol(evidence).held.0 += units.0;
    });
    assert_eq!(rules, BTreeSet::from([Rule::HoldsAreNeeded]));
}

#[test]
fn a_doubled_hold_is_found() {
    let rules = broken(|evidence| {
        let (entry, place) = last(evidence, PostingKind::Hold);
        let units = entry.postings[place].units;
        entry.postings[place].units = Amount(units.0 * 2);
        sol(evidence).held.0 += units.0;
    });
    assert_eq!(rules, BTreeSet::from([Rule::HoldsAreNeeded]));
}

#[test]
fn less_than_an_order_may_need_is_found_even_if_all_of_it_is_released() {
    let rules = broken(|evidence| {
        let (hold, place) = last(evidence, PostingKind::Hold);
        let (order, mint) = (hold.cause.id(), hold.postings[place].mint);
        hold.postings[place].units.0 -= 1;
        let of_order = evidence.wallets[0].entries.iter_mut().filter(|entry| entry.cause.id() == order);
        let end = of_order.last().unwrap();
        let is_release =
            |posting: &&mut Posting| posting.kind == PostingKind::Release && posting.mint == mint;
        end.postings.iter_mut().find(is_release).unwrap().units.0 -= 1;
    });
    assert_eq!(rules, BTreeSet::from([Rule::HoldsAreNeeded]));
}

#[test]
fn a_fee_that_is_entered_as_another_one_or_as_a_part_of_the_swap_is_found() {
    for fee in [PostingKind::VenueFee, PostingKind::NetworkFee] {
        let rules = broken(|evidence| {
            let (entry, _) = last(evidence, PostingKind::VenueFee);
            let place = entry.postings.iter().position(|posting| posting.kind == fee).unwrap();
            let Posting { mint, units, .. } = entry.postings[place];
            // the swap of the simulation spends SOL, in which both fees are paid
            let spent = entry.postings.iter_mut().find(|posting| posting.kind == PostingKind::SwapIn);
            let Some(spent) = spent.filter(|spent| spent.mint == mint) else { panic!("{entry:?}") };
            spent.units.0 += units.0;
            entry.postings.remove(place);
        });
        assert_eq!(rules, BTreeSet::from([Rule::FeesAreTrue]));
    }
}

#[test]
fn money_that_the_chain_did_not_move_is_found() {
    let rules = broken(|evidence| {
        let (entry, place) = last(evidence, PostingKind::SwapIn);
        entry.postings[place].units.0 += 1;
        sol(evidence).total.0 -= 1;
    });
    assert_eq!(rules, BTreeSet::from([Rule::PostingsAreTrue]));
}

#[test]
fn rent_that_the_chain_did_not_take_is_found_even_if_it_came_back() {
    let rules = broken(|evidence| {
        let (entry, place) = last(evidence, PostingKind::RentRefund);
        entry.postings[place].units.0 += 1;
        let paid = entry.postings.iter_mut().find(|posting| posting.kind == PostingKind::Rent);
        paid.unwrap().units.0 += 1;
    });
    assert_eq!(rules, BTreeSet::from([Rule::RentIsTrue]));
}

/// The rent of the transactions that landed.
fn rents(evidence: &mut Evidence) -> Vec<&mut Rent> {
    let rents = evidence.transactions.iter_mut().filter_map(|entry| match &mut entry.outcome {
        LandingOutcome::Landed(landed) => Some(&mut landed.rent),
        _ => None,
    });
    rents.collect()
}

#[test]
fn an_account_that_is_paid_twice_or_never_is_found() {
    let twice = broken(|evidence| {
        for rent in rents(evidence) {
            rent.paid = Amount(rent.refunded.0 + ACCOUNT_RENT.0);
        }
    });
    let never = broken(|evidence| {
        for rent in rents(evidence) {
            rent.paid = rent.refunded;
        }
    });
    for rules in [twice, never] {
        assert!(rules.contains(&Rule::RentIsPaidOnce), "{rules:?}");
    }
}

#[test]
fn a_posting_that_nothing_caused_is_found() {
    let rules = broken(|evidence| {
        let (entry, _) = last(evidence, PostingKind::Release);
        let Cause::Order { seq, .. } = &mut entry.cause else { panic!("an order releases") };
        *seq += 100;
    });
    assert_eq!(rules, BTreeSet::from([Rule::PostingsAreTrue]));
}

/// Lets the entry of the last swap withdraw what it received, after a deposit that leaves the wallet with `left` of it.
fn withdraws(evidence: &mut Evidence, left: u64) {
    let (entry, place) = last(evidence, PostingKind::SwapOut);
    let (cause, Posting { mint, units, .. }) = (entry.cause, entry.postings[place]);
    entry.postings.push(Posting::new(PostingKind::Withdrawal, mint, units));
    let wallet = &mut evidence.wallets[0];
    let end = wallet.entries.iter().position(|entry| entry.cause == cause).unwrap();
    let postings = wallet.entries[..=end].iter().flat_map(|entry| &entry.postings);
    let had = changes(postings.map(|posting| (wallet.id, posting)))[&(wallet.id, mint)].total;
    let deposit = Amount(left - u64::try_from(had).unwrap());
    let total = &mut wallet.balances.iter_mut().find(|(of, _)| *of == mint).unwrap().1.total;
    total.0 = total.0 - units.0 + deposit.0;
    let postings = vec![Posting::new(PostingKind::Deposit, mint, deposit)];
    let cause = Cause::Transfer(TransferId(cause.id()));
    wallet.entries.insert(0, Entry { cause, postings, ..wallet.entries[0].clone() });
}

#[test]
fn a_withdrawal_from_a_full_wallet_breaks_nothing() {
    assert_eq!(broken(|evidence| withdraws(evidence, Balance::MAX)), BTreeSet::new());
}

#[test]
fn a_withdrawal_from_a_wallet_with_room_is_found() {
    let rules = broken(|evidence| withdraws(evidence, Balance::MAX - 1));
    assert_eq!(rules, BTreeSet::from([Rule::PostingsAreTrue]));
}
