//! Negative controls of the rules about books: each way to get them wrong is found.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use domain::{
    Amount, OrderStatus, Token,
    books::{Balance, Cause, Entry, Posting, PostingKind},
};
use reliability::{
    checker::{Evidence, Rule, check},
    simulation,
};

/// A run of the simulation in which an order was confirmed.
fn clean() -> Evidence {
    let confirms = |evidence: &Evidence| {
        evidence.orders.iter().any(|record| record.order.status == OrderStatus::Confirmed)
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
    assert_eq!(rules, BTreeSet::from([Rule::BooksAddUp, Rule::PostingsAreTrue]));
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
fn money_that_the_chain_did_not_move_is_found() {
    let rules = broken(|evidence| {
        let (entry, place) = last(evidence, PostingKind::SwapIn);
        entry.postings[place].units.0 += 1;
        sol(evidence).total.0 -= 1;
    });
    assert_eq!(rules, BTreeSet::from([Rule::PostingsAreTrue]));
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
