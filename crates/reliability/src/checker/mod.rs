//! Judges a run by what clients received and what the databases hold, and by nothing else.

mod books;
mod clients;
mod effects;
mod evidence;
mod lifecycle;
mod rent;
#[cfg(test)]
mod tests;
mod violation;

use std::collections::BTreeMap;

use domain::{OrderId, Signature};
pub use evidence::{Evidence, FeedRecord, FollowRecord, OrderRecord, Reply, RequestRecord, WalletRecord};
use venues::simulated::transaction_log::Entry;
pub use violation::{Rule, Violation};

/// Every promise that the evidence shows to be broken; empty when all hold.
pub fn check(evidence: &Evidence) -> Vec<Violation> {
    let index = Index::new(evidence);
    let mut findings = Findings { index: &index, violations: Vec::new() };
    check_databases(evidence, &mut findings);
    clients::check_requests(evidence, &mut findings);
    clients::check_cancels(evidence, &mut findings);
    clients::check_told(evidence, &mut findings);
    clients::check_streams(evidence, &mut findings);
    clients::check_feeds(evidence, &mut findings);
    for leftover in &evidence.leftovers {
        findings.add(Rule::Leftover, None, leftover.clone());
    }
    findings.violations
}

/// The promises that the databases alone show to be broken: for evidence without clients.
pub fn check_stored(evidence: &Evidence) -> Vec<Violation> {
    let index = Index::new(evidence);
    let mut findings = Findings { index: &index, violations: Vec::new() };
    check_databases(evidence, &mut findings);
    findings.violations
}

fn check_databases(evidence: &Evidence, findings: &mut Findings<'_>) {
    for order in &evidence.orders {
        lifecycle::check(order, evidence.max_attempts, findings);
        effects::check_order(order, findings);
    }
    effects::check_transactions(evidence, findings);
    books::check(evidence, findings);
}

/// The evidence by what it is looked up by.
struct Index<'a> {
    orders: BTreeMap<OrderId, &'a OrderRecord>,
    transactions: BTreeMap<&'a Signature, &'a Entry>,
}

impl<'a> Index<'a> {
    fn new(evidence: &'a Evidence) -> Self {
        Self {
            orders: evidence.orders.iter().map(|record| (record.order.id, record)).collect(),
            transactions: evidence.transactions.iter().map(|entry| (&entry.signature, entry)).collect(),
        }
    }
}

/// The findings so far.
struct Findings<'a> {
    index: &'a Index<'a>,
    violations: Vec<Violation>,
}

impl Findings<'_> {
    fn add(&mut self, rule: Rule, order: Option<OrderId>, detail: impl Into<String>) {
        let history = order
            .and_then(|id| self.index.orders.get(&id))
            .map(|record| violation::history(record, &self.index.transactions))
            .unwrap_or_default();
        self.violations.push(Violation { rule, order, detail: detail.into(), history });
    }

    fn require(&mut self, holds: bool, rule: Rule, order: OrderId, detail: impl FnOnce() -> String) {
        if !holds {
            self.add(rule, Some(order), detail());
        }
    }
}
