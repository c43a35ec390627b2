//! What the seeds met: a simulation in which nothing goes wrong proves nothing.

use std::fmt;

use domain::{EventData, FailureClass, OrderStatus, ports::AttemptState};
use reliability::{checker::OrderRecord, simulation::Verdict};

type Count = fn(&Verdict) -> usize;

const KINDS: [(&str, Count); 41] = [
    ("orders", |run| run.evidence.orders.len()),
    ("confirmed at the first attempt", |run| {
        orders(run, |it| it.order.status == OrderStatus::Confirmed && it.attempts.len() == 1)
    }),
    ("confirmed after a revert", |run| orders(run, |it| is_confirmed_after(it, AttemptState::Reverted))),
    ("confirmed after an expiry", |run| orders(run, |it| is_confirmed_after(it, AttemptState::Expired))),
    ("failed", |run| orders(run, |it| it.order.status == OrderStatus::Failed)),
    ("failed without an attempt on record", |run| {
        orders(run, |it| it.order.status == OrderStatus::Failed && it.attempts.is_empty())
    }),
    ("canceled before anything was submitted", |run| {
        orders(run, |it| it.order.status == OrderStatus::Canceled && it.attempts.is_empty())
    }),
    ("canceled after an attempt that did not land", |run| {
        orders(run, |it| it.order.status == OrderStatus::Canceled && !it.attempts.is_empty())
    }),
    ("confirmed although it was to be canceled", |run| {
        orders(run, |it| it.order.status == OrderStatus::Confirmed && it.order.cancel_request.is_some())
    }),
    ("canceled at once, by the API", |run| shown(run, ": claimed to be canceled")),
    ("commits refused because of a cancel", |run| shown(run, ": CancelRequested")),
    ("orders that waited for an outage", |run| {
        orders(run, |it| it.events.iter().any(|event| matches!(event.data, EventData::Waiting { .. })))
    }),
    ("orders that an outage failed", |run| {
        let is_outage = |it: &OrderRecord| {
            it.order.failure.as_ref().is_some_and(|failure| failure.code.class() == FailureClass::Outage)
        };
        orders(run, |it| it.order.status == OrderStatus::Failed && is_outage(it))
    }),
    ("expired before anything was submitted", |run| {
        orders(run, |it| it.order.status == OrderStatus::Expired && it.attempts.is_empty())
    }),
    ("expired after an attempt that did not land", |run| {
        orders(run, |it| it.order.status == OrderStatus::Expired && !it.attempts.is_empty())
    }),
    ("confirmed after the expiry", |run| orders(run, is_confirmed_after_expiry)),
    ("processes that died before a call took effect", |run| shown(run, " dies before ")),
    ("processes that died after a call took effect", |run| shown(run, " dies after ")),
    ("processes that stood still", |run| shown(run, " stands still ")),
    ("workers that stopped in good order", |run| shown(run, " has stopped")),
    ("claims given back", |run| shown(run, " gives ")),
    ("calls that failed", |run| shown(run, " fails")),
    ("calls that were stuck", |run| shown(run, " is stuck ")),
    ("steps of the wall clock", |run| shown(run, "the wall clock steps")),
    ("calls that never returned", |run| shown(run, " never returns")),
    ("transactions that reached the chain by a call that never returned", |run| {
        shown(run, "record on chain never returns")
    }),
    ("answers that were lost", |run| shown(run, "its answer is lost")),
    ("answers of a chain lost", |run| shown(run, "record on chain was done, its answer is lost")),
    ("commits done whose answer was lost", |run| shown(run, "commit was done, its answer is lost")),
    ("writes refused by the fence", |run| shown(run, ": Fenced")),
    ("orders claimed again", |run| claims(run, |claim| !claim.ends_with("epoch 1"))),
    ("attempts inherited", |run| claims(run, |claim| claim.ends_with(" with an attempt"))),
    ("transactions that reached the chain once more", |run| shown(run, " is there already")),
    ("transactions that reached the chain too late", |run| shown(run, " is too late")),
    ("answers of a node that lags behind", |run| shown(run, " asks a node that lags behind ")),
    ("requests repeated", |run| shown(run, ": known as ")),
    ("keys used for something else", |run| shown(run, ": in conflict with ")),
    ("requests refused because too many orders are open", |run| shown(run, ": overloaded")),
    ("requests refused because the store failed", |run| shown(run, ": store_unavailable")),
    ("requests refused because the wallet had too little", |run| shown(run, ": insufficient_balance")),
    ("streams that went on over a new connection", |run| {
        run.evidence.follows.iter().filter(|follow| follow.connections > 1).count()
    }),
];

/// How often each was met.
pub(crate) struct Sightings([usize; KINDS.len()]);

impl Default for Sightings {
    fn default() -> Self {
        Self([0; KINDS.len()])
    }
}

impl Sightings {
    pub(crate) fn add(&mut self, run: &Verdict) {
        for (met, (_, count)) in self.0.iter_mut().zip(KINDS) {
            *met += count(run);
        }
    }

    pub(crate) fn never_met(&self) -> Vec<&'static str> {
        self.0.iter().zip(KINDS).filter(|(met, _)| **met == 0).map(|(_, (name, _))| name).collect()
    }
}

impl fmt::Display for Sightings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().zip(KINDS).try_for_each(|(met, (name, _))| writeln!(f, "{met:>9} {name}"))
    }
}

fn orders(run: &Verdict, is: impl Fn(&OrderRecord) -> bool) -> usize {
    run.evidence.orders.iter().filter(|record| is(record)).count()
}

fn is_confirmed_after(record: &OrderRecord, end: AttemptState) -> bool {
    record.order.status == OrderStatus::Confirmed && record.attempts.iter().any(|it| it.state == end)
}

fn is_confirmed_after_expiry(record: &OrderRecord) -> bool {
    record.events.iter().any(|event| matches!(event.data, EventData::Confirmed { after_expiry: true, .. }))
}

fn shown(run: &Verdict, what: &str) -> usize {
    run.trace.iter().filter(|line| line.contains(what)).count()
}

fn claims(run: &Verdict, is: impl Fn(&str) -> bool) -> usize {
    run.trace.iter().filter(|line| line.contains(" claims ") && is(line)).count()
}
