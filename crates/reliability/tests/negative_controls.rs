//! Each protection is taken out in turn, and the checker must notice. A protection whose absence
//! nothing notices would not be tested.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use reliability::{
    checker::Rule,
    simulation::{self, Control},
};
use testkit::BooksFault;

/// Seeds in which a fault may show itself.
const SEEDS: u64 = 400;

/// Runs seeds without a protection until the promise that hangs on it breaks.
fn breaks(control: Control, promise: Rule) {
    let mut others = Vec::new();
    for seed in 1..=SEEDS {
        let rules: Vec<Rule> = simulation::run(seed, Some(control))
            .violations
            .into_iter()
            .map(|violation| violation.rule)
            .collect();
        if rules.contains(&promise) {
            eprintln!("{control:?}: {promise:?} breaks in seed {seed}");
            return;
        }
        others.extend(rules);
    }
    panic!("without its protection ({control:?}) {promise:?} held for {SEEDS} seeds; broken were {others:?}");
}

/// Runs seeds without a protection that another one covers.
fn holds(control: Control) {
    for seed in 1..=SEEDS / 2 {
        let violations = simulation::run(seed, Some(control)).violations;
        assert!(violations.is_empty(), "{control:?}, seed {seed}: {}", violations[0]);
    }
}

/// Either of the two is enough, and both are kept: the sequence says that nothing was written since,
/// the fence that no other worker may be writing now. Without both see below.
#[test]
fn fence_and_sequence_cover_each_other() {
    holds(Control::IgnoresFence);
    holds(Control::IgnoresSequence);
}

#[test]
fn without_fence_and_sequence_histories_are_torn() {
    breaks(Control::IgnoresFenceAndSequence, Rule::Gapless);
}

#[test]
fn without_writing_ahead_a_transaction_belongs_to_nobody() {
    breaks(Control::SendsBeforeWriting, Rule::WrittenAhead);
}

#[test]
fn without_settling_first_an_order_lands_twice() {
    breaks(Control::RebuildsUnresolved, Rule::LandsOnce);
}

/// The index turns what would be a second execution into an order that cannot move.
#[test]
fn an_attempt_that_a_claim_forgets_stops_the_order_and_without_the_index_it_lands_twice() {
    breaks(Control::ForgetsUnresolved, Rule::Terminates);
    breaks(Control::ForgetsUnresolvedAndAllowsTwo, Rule::LandsOnce);
}

/// A node that lags behind does not know what has landed.
#[test]
fn without_a_second_witness_an_order_lands_twice() {
    breaks(Control::AsksOneNode, Rule::LandsOnce);
}

/// A call that never returns keeps its lease as long as its worker lives.
#[test]
fn without_deadlines_an_order_waits_for_a_call_that_never_returns() {
    breaks(Control::WaitsForEver, Rule::Terminates);
}

/// The wall clock is set back while an order waits.
#[test]
fn without_a_steady_clock_an_order_waits_for_the_step() {
    breaks(Control::WaitsByWallClock, Rule::Terminates);
}

#[test]
fn without_the_sweeper_an_order_is_forgotten() {
    breaks(Control::NeverSweeps, Rule::Terminates);
}

#[test]
fn without_the_tail_check_a_follower_waits_for_ever() {
    breaks(Control::NeverChecksTails, Rule::StreamIsComplete);
}

#[test]
fn without_keys_a_repeated_request_is_a_second_order() {
    breaks(Control::ForgetsKeys, Rule::OneOrderPerKey);
}

#[test]
fn without_waiting_for_the_commit_an_acknowledged_order_is_lost() {
    breaks(Control::AcknowledgesBeforeDurable, Rule::AcknowledgedExists);
}

#[test]
fn without_committing_first_a_follower_sees_what_never_was() {
    breaks(Control::AnnouncesBeforeCommit, Rule::StreamIsComplete);
}

#[test]
fn without_the_guard_of_a_cancel_an_attempt_follows_it() {
    breaks(Control::IgnoresCancel, Rule::CancelHolds);
}

/// An order that may still land is not canceled yet.
#[test]
fn without_waiting_for_the_chain_a_canceled_order_lands() {
    breaks(Control::CancelsWhatMayLand, Rule::StatusTellsTheTruth);
}

#[test]
fn a_forgotten_release_stays_held() {
    breaks(Control::BreaksBooks(BooksFault::ForgetsReleases), Rule::HoldsAreNeeded);
}

#[test]
fn a_posting_outside_of_its_transaction_is_not_true() {
    breaks(Control::BreaksBooks(BooksFault::PostsApart), Rule::PostingsAreTrue);
}

#[test]
fn a_chain_that_forgets_which_accounts_are_open_takes_rent_twice() {
    breaks(Control::ForgetsAccounts, Rule::RentIsPaidOnce);
}

#[test]
fn a_doubled_hold_is_more_than_is_needed() {
    breaks(Control::BreaksBooks(BooksFault::HoldsTwice), Rule::HoldsAreNeeded);
}
