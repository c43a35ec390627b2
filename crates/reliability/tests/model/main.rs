//! The protocol of claims, leases and attempts as a model of which every state is visited: two
//! executions, one order, up to three attempts.
//!
//! What is left out because it is allowed at any time: a hint of the queue (an execution may try to
//! claim whenever it likes, so hints may be lost, repeated and reordered) and the clocks (a lease may
//! end whenever it likes, so an execution may be paused for as long as it likes).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod protocol;
mod state;

use std::collections::{HashMap, HashSet, VecDeque};

use protocol::{Protection, Protocol};
use state::State;
use stateright::{Checker, HasDiscoveries, Model};

const REAL: Protocol = Protocol { missing: None };

/// Every state that can be reached from the first, each with those it leads to.
fn reachable(protocol: Protocol) -> HashMap<State, Vec<State>> {
    let mut graph = HashMap::new();
    let mut waiting = VecDeque::from(protocol.init_states());
    while let Some(state) = waiting.pop_front() {
        if graph.contains_key(&state) {
            continue;
        }
        let next = protocol.next_states(&state);
        waiting.extend(next.iter().cloned());
        graph.insert(state, next);
    }
    graph
}

#[test]
fn the_protocol_keeps_its_promises_in_every_state() {
    let checker = REAL.checker().spawn_bfs().join();
    checker.assert_properties();
    assert!(checker.is_done());
    let states = checker.unique_state_count();
    eprintln!("{states} states visited, {} transitions, none breaks a promise", checker.state_count());
    assert!(states > 10_000, "the model has lost its detail: {states} states");
}

/// From wherever the faults have led, there is a way to the end.
#[test]
fn no_state_is_a_dead_end() {
    let graph = reachable(REAL);
    let mut came_from: HashMap<&State, Vec<&State>> = HashMap::new();
    for (state, next) in &graph {
        for after in next {
            came_from.entry(after).or_default().push(state);
        }
    }
    let mut saved: HashSet<&State> = graph.keys().filter(|state| state.is_terminal()).collect();
    let mut waiting: Vec<&State> = saved.iter().copied().collect();
    while let Some(state) = waiting.pop() {
        for before in came_from.get(state).into_iter().flatten() {
            if saved.insert(before) {
                waiting.push(before);
            }
        }
    }
    let lost = graph.keys().find(|state| !saved.contains(state));
    assert!(lost.is_none(), "no way to the end from {lost:?}");
}

/// A model that could not fail would prove nothing.
#[test]
fn without_a_protection_the_model_finds_how_it_breaks() {
    for (missing, property) in [
        (Protection::Fence, "at most one attempt is unresolved"),
        (Protection::WritingAhead, "at most one transaction lands"),
        (Protection::WritingAhead, "every transaction is on record"),
        (Protection::SettlingFirst, "at most one transaction lands"),
        (Protection::ClosingExpired, "at most one transaction lands"),
        (Protection::AskingTwice, "at most one transaction lands"),
        (Protection::RefusingAfterCancel, "no attempt follows a request to cancel"),
        (Protection::SettlingBeforeCanceling, "a final status tells the truth"),
    ] {
        let found = HasDiscoveries::AnyOf([property].into());
        let protocol = Protocol { missing: Some(missing) };
        let checker = protocol.checker().finish_when(found).spawn_bfs().join();
        assert!(checker.discovery(property).is_some(), "without {missing:?} this holds: {property}");
    }
}
