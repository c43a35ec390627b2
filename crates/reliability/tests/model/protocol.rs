//! What can happen, and what must hold.

use stateright::{Model, Property};

use super::state::*;

/// What keeps an order from being executed twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protection {
    /// Writes of an older claim are refused.
    Fence,
    /// An attempt is on record before its transaction is sent.
    WritingAhead,
    /// Nothing new is built before the last attempt is known to have ended.
    SettlingFirst,
    /// Once a transaction is called expired the chain takes no late copy of it.
    ClosingExpired,
    /// Another node must agree that a transaction has expired.
    AskingTwice,
    /// No attempt is put on record once the owner has asked to cancel the order.
    RefusingAfterCancel,
    /// An order is not canceled while a transaction of it may land.
    SettlingBeforeCanceling,
}

/// The protocol. The real one has all protections.
#[derive(Debug, Clone, Copy)]
pub(super) struct Protocol {
    pub(super) missing: Option<Protection>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Claim(usize),
    LeaseEnds,
    WriteAhead(usize),
    SendUnrecorded(usize),
    Send(usize),
    Arrives {
        transaction: usize,
        reverts: bool,
    },
    GetsLost(usize),
    Expires(usize),
    Ask(usize),
    /// The answer of a node that lags behind: it does not know what has landed.
    BelieveOneNode(usize),
    Conclude(usize),
    /// The owner asks an API to cancel the order, which then acts like an execution.
    RequestCancel(usize),
    Cancel(usize),
    Crash(usize),
}

impl Protocol {
    pub(super) fn lacks(self, protection: Protection) -> bool {
        self.missing == Some(protection)
    }

    fn may_write_ahead(self, state: &State, execution: usize) -> bool {
        state.takes_write_of(execution, self)
            && state.attempts.len() < MAX_ATTEMPTS
            && (state.unresolved().is_none()
                || self.lacks(Protection::SettlingFirst)
                || self.lacks(Protection::Fence))
    }

    /// What the chain says of an attempt; `None` while it may still land.
    fn settled(self, state: &State, attempt: usize) -> Option<Attempt> {
        let transaction = state.transactions[state.attempts[attempt].0];
        match transaction.on_chain {
            OnChain::Landed => Some(Attempt::Landed),
            OnChain::Reverted => Some(Attempt::Reverted),
            OnChain::Absent if !transaction.is_valid || self.lacks(Protection::SettlingFirst) => {
                Some(Attempt::Expired)
            }
            OnChain::Absent => None,
        }
    }

    fn claim(self, state: &mut State, execution: usize) {
        state.end_claim();
        state.is_leased = true;
        let is_unwanted = state.is_cancel_requested && !self.lacks(Protection::RefusingAfterCancel);
        let step = match state.unresolved() {
            Some(attempt) => Step::Settling { attempt },
            None if is_unwanted => Step::Canceling,
            None => Step::Signed,
        };
        state.executions[execution] = Execution { step, holds_the_fence: true };
    }

    /// The request is on record, and an order that is not executing is claimed to be canceled.
    fn request_cancel(self, state: &mut State, execution: usize) {
        state.is_cancel_requested = true;
        let may_land = state.unresolved().is_some() && !self.lacks(Protection::SettlingBeforeCanceling);
        if !state.is_leased && !may_land {
            state.end_claim();
            state.is_leased = true;
            state.executions[execution] = Execution { step: Step::Canceling, holds_the_fence: true };
        }
    }

    fn act(self, state: &mut State, execution: usize, action: Action) {
        match action {
            Action::Claim(_) => self.claim(state, execution),
            Action::RequestCancel(_) => self.request_cancel(state, execution),
            Action::Cancel(_) => {
                if state.takes_write_of(execution, self) {
                    state.status = Status::Canceled;
                    state.end_claim();
                }
                state.executions[execution].step = Step::Idle;
            }
            Action::WriteAhead(_) => {
                let unrecorded = match state.executions[execution].step {
                    Step::SentUnrecorded { transaction } => Some(transaction),
                    _ => None,
                };
                let is_refused = state.is_cancel_requested && !self.lacks(Protection::RefusingAfterCancel);
                state.executions[execution].step = if is_refused && state.takes_write_of(execution, self) {
                    Step::Canceling
                } else if self.may_write_ahead(state, execution) {
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
            Action::BelieveOneNode(_) => {
                let Step::Settling { attempt } = state.executions[execution].step else { return };
                if !state.transactions[state.attempts[attempt].0].is_valid {
                    state.executions[execution].step = Step::Learned { attempt, end: Attempt::Expired };
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
                    _ if state.is_cancel_requested => Status::Canceled,
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
            is_cancel_requested: false,
            has_attempt_after_cancel: false,
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
            if execution.step == Step::Idle && !state.is_terminal() && !state.is_cancel_requested {
                actions.push(Action::RequestCancel(number));
            }
            match execution.step {
                Step::Idle if !state.is_leased && !state.is_terminal() => actions.push(Action::Claim(number)),
                Step::Idle => {}
                Step::Signed if self.lacks(Protection::WritingAhead) => {
                    if state.transactions.len() < TRANSACTIONS {
                        actions.push(Action::SendUnrecorded(number));
                    }
                }
                Step::Signed | Step::SentUnrecorded { .. } => {
                    if state.transactions.len() < TRANSACTIONS {
                        actions.push(Action::WriteAhead(number));
                    }
                }
                Step::Settling { .. } => {
                    actions.extend([Action::Send(number), Action::Ask(number)]);
                    if self.lacks(Protection::AskingTwice) {
                        actions.push(Action::BelieveOneNode(number));
                    }
                }
                Step::Learned { .. } => actions.push(Action::Conclude(number)),
                Step::Canceling => actions.push(Action::Cancel(number)),
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
                if (arrived.is_valid || self.lacks(Protection::ClosingExpired))
                    && arrived.on_chain == OnChain::Absent
                {
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
            | Action::BelieveOneNode(execution)
            | Action::Conclude(execution)
            | Action::RequestCancel(execution)
            | Action::Cancel(execution) => self.act(&mut next, execution, action),
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
                Status::Failed | Status::Canceled => state.landed() == 0 && nothing_can_land(state),
                _ => true,
            }),
            Property::always("a terminal order is never executed again", |_, state: &State| {
                !state.is_terminal() || state.executions.iter().all(|execution| !execution.holds_the_fence)
            }),
            Property::always("every transaction is on record", |_, state: &State| {
                let is_known = |index| state.attempts.iter().any(|(transaction, _)| *transaction == index);
                (0..state.transactions.len()).all(is_known)
            }),
            Property::always("no attempt follows a request to cancel", |_, state: &State| {
                !state.has_attempt_after_cancel
            }),
            Property::sometimes("canceled before the first attempt", |_, state: &State| {
                state.status == Status::Canceled && state.attempts.is_empty()
            }),
            Property::sometimes("canceled after an attempt", |_, state: &State| {
                state.status == Status::Canceled && !state.attempts.is_empty()
            }),
            Property::sometimes("confirmed although it was to be canceled", |_, state: &State| {
                state.status == Status::Confirmed && state.is_cancel_requested
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
