//! The protocol of claims, leases and attempts as a model of which every state is visited: two
//! executions, one order, up to three attempts.
//!
//! What is left out because it is allowed at any time: a hint of the queue (an execution may try to
//! claim whenever it likes, so hints may be lost, repeated and reordered) and the clocks (a lease may
//! end whenever it likes, so an execution may be paused for as long as it likes).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{HashMap, HashSet, VecDeque};

use stateright::{Checker, HasDiscoveries, Model, Property};

const EXECUTIONS: usize = 2;
const MAX_ATTEMPTS: usize = 3;
/// Transactions that can exist; more than attempts only if one was never written down.
const TRANSACTIONS: usize = MAX_ATTEMPTS + 1;

/// The protections. The real protocol has all of them.
#[derive(Debug, Clone, Copy)]
struct Protocol {
    /// Writes of an older claim are refused.
    has_fence: bool,
    /// An attempt is on record before its transaction is sent.
    writes_ahead: bool,
    /// Nothing new is built before the last attempt is known to have ended.
    settles_first: bool,
}

const REAL: Protocol = Protocol { has_fence: true, writes_ahead: true, settles_first: true };

/// Where the order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Status {
    Routing,
    Submitted,
    Confirmed,
    Failed,
}

/// What the store knows of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Attempt {
    Unresolved,
    Landed,
    Reverted,
    Expired,
}

/// What became of a transaction on chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum OnChain {
    Absent,
    Landed,
    Reverted,
}

/// A transaction outside of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Transaction {
    /// Copies of it are under way.
    is_in_flight: bool,
    /// Its last valid block height has not passed.
    is_valid: bool,
    on_chain: OnChain,
}

/// What an execution is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Idle,
    /// A transaction is signed.
    Signed,
    /// Without writing ahead: it is sent and not on record.
    SentUnrecorded {
        transaction: usize,
    },
    /// The attempt is on record and its outcome not known.
    Settling {
        attempt: usize,
    },
    /// The chain has said how the attempt ended.
    Learned {
        attempt: usize,
        end: Attempt,
    },
}

/// An execution, perhaps of a claim that is no longer the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Execution {
    step: Step,
    holds_the_fence: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    status: Status,
    /// Nobody may claim the order.
    is_leased: bool,
    /// The attempt ledger: which transaction, and what is known of it.
    attempts: Vec<(usize, Attempt)>,
    transactions: Vec<Transaction>,
    executions: [Execution; EXECUTIONS],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Action {
    Claim(usize),
    LeaseEnds,
    WriteAhead(usize),
    SendUnrecorded(usize),
    Send(usize),
    Arrives { transaction: usize, reverts: bool },
    GetsLost(usize),
    Expires(usize),
    Ask(usize),
    Conclude(usize),
    Crash(usize),
}

impl State {
    fn unresolved(&self) -> Option<usize> {
        self.attempts.iter().position(|(_, known)| *known == Attempt::Unresolved)
    }

    fn is_terminal(&self) -> bool {
        matches!(self.status, Status::Confirmed | Status::Failed)
    }

    fn landed(&self) -> usize {
        self.transactions.iter().filter(|transaction| transaction.on_chain == OnChain::Landed).count()
    }

    fn sign(&mut self) -> usize {
        self.transactions.push(Transaction {
            is_in_flight: false,
            is_valid: true,
            on_chain: OnChain::Absent,
        });
        self.transactions.len() - 1
    }

    /// Whether the store takes a write of this execution.
    fn takes_write_of(&self, execution: usize, protocol: Protocol) -> bool {
        !self.is_terminal() && (self.executions[execution].holds_the_fence || !protocol.has_fence)
    }

    fn end_claim(&mut self) {
        self.is_leased = false;
        self.executions.iter_mut().for_each(|execution| execution.holds_the_fence = false);
    }

    /// Puts an attempt on record.
    fn write(&mut self, transaction: usize) -> usize {
        self.attempts.push((transaction, Attempt::Unresolved));
        self.status = Status::Submitted;
        self.attempts.len() - 1
    }
}

impl Protocol {
    fn may_write_ahead(self, state: &State, execution: usize) -> bool {
        state.takes_write_of(execution, self)
            && state.attempts.len() < MAX_ATTEMPTS
            && (state.unresolved().is_none() || !self.settles_first || !self.has_fence)
    }

    /// What the chain says of an attempt; `None` while it may still land.
    fn settled(self, state: &State, attempt: usize) -> Option<Attempt> {
        let transaction = state.transactions[state.attempts[attempt].0];
        match transaction.on_chain {
            OnChain::Landed => Some(Attempt::Landed),
            OnChain::Reverted => Some(Attempt::Reverted),
            OnChain::Absent if !transaction.is_valid || !self.settles_first => Some(Attempt::Expired),
            OnChain::Absent => None,
        }
    }

    fn act(self, state: &mut State, execution: usize, action: Action) {
        match action {
            Action::Claim(_) => {
                state.end_claim();
                state.is_leased = true;
                let step = state.unresolved().map_or(Step::Signed, |attempt| Step::Settling { attempt });
                state.executions[execution] = Execution { step, holds_the_fence: true };
            }
            Action::WriteAhead(_) => {
                let unrecorded = match state.executions[execution].step {
                    Step::SentUnrecorded { transaction } => Some(transaction),
                    _ => None,
                };
                state.executions[execution].step = if self.may_write_ahead(state, execution) {
                    let transaction = unrecorded.unwrap_or_else(|| state.sign());
                    Step::Settling { attempt: state.write(transaction) }
                } else {
                    Step::Idle
                };
            }
            Action::SendUnrecorded(_) => {
                let transaction = state.sign();
                state.transactions[transaction].is_in_flight = true;
                state.executions[execution].step = Step::SentUnrecorded { transaction };
            }
            Action::Ask(_) => {
                let Step::Settling { attempt } = state.executions[execution].step else { return };
                if let Some(end) = self.settled(state, attempt) {
                    state.executions[execution].step = Step::Learned { attempt, end };
                }
            }
            Action::Conclude(_) => {
                let Step::Learned { attempt, end } = state.executions[execution].step else { return };
                state.executions[execution].step = Step::Idle;
                if !state.takes_write_of(execution, self) {
                    return;
                }
                state.attempts[attempt].1 = end;
                state.status = match end {
                    Attempt::Landed => Status::Confirmed,
                    _ if state.attempts.len() == MAX_ATTEMPTS => Status::Failed,
                    _ => Status::Routing,
                };
                state.end_claim();
            }
            _ => {}
        }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let idle = Execution { step: Step::Idle, holds_the_fence: false };
        vec![State {
            status: Status::Routing,
            is_leased: false,
            attempts: Vec::new(),
            transactions: Vec::new(),
            executions: [idle; EXECUTIONS],
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.is_leased {
            actions.push(Action::LeaseEnds);
        }
        for (transaction, it) in state.transactions.iter().enumerate() {
            if it.is_in_flight {
                actions.push(Action::Arrives { transaction, reverts: false });
                actions.push(Action::Arrives { transaction, reverts: true });
                actions.push(Action::GetsLost(transaction));
            }
            if it.is_valid {
                actions.push(Action::Expires(transaction));
            }
        }
        for (number, execution) in state.executions.iter().enumerate() {
            match execution.step {
                Step::Idle if !state.is_leased && !state.is_terminal() => actions.push(Action::Claim(number)),
                Step::Idle => {}
                Step::Signed if !self.writes_ahead => {
                    if state.transactions.len() < TRANSACTIONS {
                        actions.push(Action::SendUnrecorded(number));
                    }
                }
                Step::Signed | Step::SentUnrecorded { .. } => {
                    if state.transactions.len() < TRANSACTIONS {
                        actions.push(Action::WriteAhead(number));
                    }
                }
                Step::Settling { .. } => actions.extend([Action::Send(number), Action::Ask(number)]),
                Step::Learned { .. } => actions.push(Action::Conclude(number)),
            }
            if execution.step != Step::Idle {
                actions.push(Action::Crash(number));
            }
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::LeaseEnds => next.is_leased = false,
            Action::Arrives { transaction, reverts } => {
                let arrived = &mut next.transactions[transaction];
                arrived.is_in_flight = false;
                if arrived.is_valid && arrived.on_chain == OnChain::Absent {
                    arrived.on_chain = if reverts { OnChain::Reverted } else { OnChain::Landed };
                }
            }
            Action::GetsLost(transaction) => next.transactions[transaction].is_in_flight = false,
            Action::Expires(transaction) => next.transactions[transaction].is_valid = false,
            Action::Send(execution) => {
                let Step::Settling { attempt } = next.executions[execution].step else { return None };
                let transaction = next.attempts[attempt].0;
                next.transactions[transaction].is_in_flight = true;
            }
            Action::Crash(execution) => {
                next.executions[execution] = Execution { step: Step::Idle, ..next.executions[execution] };
            }
            Action::Claim(execution)
            | Action::WriteAhead(execution)
            | Action::SendUnrecorded(execution)
            | Action::Ask(execution)
            | Action::Conclude(execution) => self.act(&mut next, execution, action),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("at most one transaction lands", |_, state: &State| state.landed() <= 1),
            Property::always("at most one attempt is unresolved", |_, state: &State| {
                let open = state.attempts.iter().filter(|(_, known)| *known == Attempt::Unresolved);
                open.count() <= 1
            }),
            Property::always("a final status tells the truth", |_, state: &State| match state.status {
                Status::Confirmed => state.landed() == 1,
                Status::Failed => state.landed() == 0 && nothing_can_land(state),
                _ => true,
            }),
            Property::always("every transaction is on record", |_, state: &State| {
                let is_known = |index| state.attempts.iter().any(|(transaction, _)| *transaction == index);
                (0..state.transactions.len()).all(is_known)
            }),
            Property::sometimes("confirmed at once", |_, state: &State| {
                state.status == Status::Confirmed && state.attempts.len() == 1
            }),
            Property::sometimes("confirmed after an expiry", |_, state: &State| {
                state.status == Status::Confirmed
                    && state.attempts.iter().any(|(_, known)| *known == Attempt::Expired)
            }),
            Property::sometimes("failed after the last attempt", |_, state: &State| {
                state.status == Status::Failed
            }),
            Property::sometimes("settled by another than who sent it", |_, state: &State| {
                let settling = |execution: &Execution| matches!(execution.step, Step::Settling { .. });
                state.executions.iter().filter(|execution| settling(execution)).count() == 2
            }),
        ]
    }
}

fn nothing_can_land(state: &State) -> bool {
    state.transactions.iter().all(|it| !it.is_valid || it.on_chain == OnChain::Reverted)
}

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
    for (protocol, property) in [
        (Protocol { has_fence: false, ..REAL }, "at most one attempt is unresolved"),
        (Protocol { writes_ahead: false, ..REAL }, "at most one transaction lands"),
        (Protocol { writes_ahead: false, ..REAL }, "every transaction is on record"),
        (Protocol { settles_first: false, ..REAL }, "at most one transaction lands"),
    ] {
        let found = HasDiscoveries::AnyOf([property].into());
        let checker = protocol.checker().finish_when(found).spawn_bfs().join();
        assert!(checker.discovery(property).is_some(), "{protocol:?} does not break: {property}");
    }
}
