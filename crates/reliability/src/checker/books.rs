//! The books: they add up, nothing is held for nothing, and what they say of an order is what the chain did.

use std::collections::BTreeMap;

use domain::{
    Mint, OrderId, Token,
    books::{Balance, Cause, Entry, PostingKind, Side, WalletId, changes},
};
use venues::simulated::transaction_log::LandingOutcome;

use super::{Evidence, Findings, OrderRecord, Rule, WalletRecord, effects::charged, rent};

/// Amounts by token, base units; negative is what left.
type Amounts = BTreeMap<Mint, i128>;

pub(super) fn check(evidence: &Evidence, findings: &mut Findings<'_>) {
    let mut of_orders: BTreeMap<OrderId, Vec<&Entry>> = BTreeMap::new();
    for record in &evidence.wallets {
        for entry in &record.entries {
            check_cause(entry, findings);
            if let Cause::Order { id, .. } = entry.cause {
                of_orders.entry(id).or_default().push(entry);
            }
        }
        check_balances(record, evidence, findings);
        check_withdrawals(record, findings);
    }
    for record in &evidence.orders {
        check_order(record, of_orders.get(&record.order.id).map_or(&[], Vec::as_slice), findings);
    }
    rent::check_accounts(evidence, findings);
}

/// An order's entry belongs to one of its events.
fn check_cause(entry: &Entry, findings: &mut Findings<'_>) {
    let Cause::Order { id, seq, .. } = entry.cause else { return };
    let has_event = findings.index.orders.get(&id).is_some_and(|record| {
        let is_its = record.order.spec.funding.is_some_and(|funding| funding.wallet == entry.wallet);
        is_its && record.events.iter().any(|event| event.seq == seq)
    });
    findings.require(has_event, Rule::PostingsAreTrue, id, || format!("nothing caused {entry:?}"));
}

fn check_balances(record: &WalletRecord, evidence: &Evidence, findings: &mut Findings<'_>) {
    let (mut total, mut held) = (Amounts::new(), Amounts::new());
    for posting in record.entries.iter().flat_map(|entry| &entry.postings) {
        let (from, to) = posting.kind.sides();
        for (side, units) in [(from, -i128::from(posting.units.0)), (to, i128::from(posting.units.0))] {
            if matches!(side, Side::Free | Side::Held) {
                *total.entry(posting.mint).or_default() += units;
            }
            if side == Side::Held {
                *held.entry(posting.mint).or_default() += units;
            }
        }
    }
    let needed = needs(record.id, &evidence.orders);
    for (mint, balance) in &record.balances {
        let of = |amounts: &mut Amounts| amounts.remove(mint).unwrap_or_default();
        let stored = (i128::from(balance.total.0), i128::from(balance.held.0));
        let summed = (of(&mut total), of(&mut held));
        if stored != summed {
            let detail =
                format!("wallet {} has {stored:?} of {mint}, and its postings give {summed:?}", record.id);
            findings.add(Rule::BooksAddUp, None, detail);
        }
        let needed = needed.get(mint).copied().unwrap_or_default();
        if stored.1 != needed {
            let detail =
                format!("wallet {} holds {} of {mint}, and orders may need {needed}", record.id, stored.1);
            findings.add(Rule::HoldsAreNeeded, None, detail);
        }
    }
    for (mint, units) in total.into_iter().chain(held).filter(|(_, units)| *units != 0) {
        let detail = format!("wallet {} has no balance of {mint}, and its postings give {units}", record.id);
        findings.add(Rule::BooksAddUp, None, detail);
    }
    let has_balance = |mint: &Mint| record.balances.iter().any(|(of, _)| of == mint);
    for (mint, units) in needed.iter().filter(|(mint, units)| **units != 0 && !has_balance(mint)) {
        let detail = format!("wallet {} has no balance of {mint}, and orders may need {units}", record.id);
        findings.add(Rule::HoldsAreNeeded, None, detail);
    }
}

/// An order withdraws only what its wallet cannot hold, and so leaves it with all that it can.
fn check_withdrawals(record: &WalletRecord, findings: &mut Findings<'_>) {
    let mut total = Amounts::new();
    for entry in &record.entries {
        let postings = entry.postings.iter().map(|posting| (entry.wallet, posting));
        for ((_, mint), change) in changes(postings) {
            *total.entry(mint).or_default() += change.total;
        }
        let Cause::Order { id, .. } = entry.cause else { continue };
        for posting in entry.postings.iter().filter(|posting| posting.kind == PostingKind::Withdrawal) {
            let left = total.get(&posting.mint).copied().unwrap_or_default();
            findings.require(left == i128::from(Balance::MAX), Rule::PostingsAreTrue, id, || {
                format!("it withdraws {posting:?} and leaves {left}, less than a wallet can hold")
            });
        }
    }
}

/// What the orders of a wallet that have not ended may need.
fn needs(wallet: WalletId, orders: &[OrderRecord]) -> Amounts {
    let mut needs = Amounts::new();
    for OrderRecord { order, .. } in orders.iter().filter(|record| !record.order.status.is_terminal()) {
        let Some(funding) = order.spec.funding.filter(|funding| funding.wallet == wallet) else { continue };
        *needs.entry(order.spec.request.token_in.mint()).or_default() += i128::from(funding.swap.0);
        let costs = i128::from(funding.costs.0) - i128::from(order.network_fees.0);
        *needs.entry(Token::SOL.mint()).or_default() += costs + i128::from(funding.rent.0);
    }
    needs
}

/// What an order moved, and what is still held for it.
fn check_order(record: &OrderRecord, entries: &[&Entry], findings: &mut Findings<'_>) {
    let order = &record.order;
    let (mut moved, mut held) = (Amounts::new(), Amounts::new());
    for posting in entries.iter().flat_map(|entry| &entry.postings) {
        let units = i128::from(posting.units.0);
        match posting.kind {
            PostingKind::Hold => *held.entry(posting.mint).or_default() += units,
            PostingKind::Release => *held.entry(posting.mint).or_default() -= units,
            PostingKind::Withdrawal => {} // looked at with its wallet
            kind => {
                let sign = if kind.sides().0 == Side::Free { -1 } else { 1 };
                *moved.entry(posting.mint).or_default() += sign * units;
            }
        }
    }
    if order.spec.funding.is_none() {
        findings.require(entries.is_empty(), Rule::PostingsAreTrue, order.id, || {
            "it trades from nothing and has postings".to_owned()
        });
        return;
    }
    check_hold(record, entries, findings);
    if !order.status.is_terminal() {
        return; // its last attempt may have landed without the order knowing it yet
    }
    held.retain(|_, units| *units != 0);
    findings.require(held.is_empty(), Rule::HoldsAreNeeded, order.id, || {
        format!("it has ended, and this is still held: {held:?}")
    });
    rent::check_order(record, entries, findings);
    check_fees(record, entries, findings);
    let did = on_chain(record, findings);
    moved.retain(|_, units| *units != 0);
    findings.require(moved == did, Rule::PostingsAreTrue, order.id, || {
        format!("its postings move {moved:?}, and the chain moved {did:?}")
    });
}

/// What was held for an order when it was accepted is what it may need: the amounts are those of its funding, counted
/// here once more.
fn check_hold(record: &OrderRecord, entries: &[&Entry], findings: &mut Findings<'_>) {
    let Some(funding) = record.order.spec.funding else { return };
    let mut needed = Amounts::new();
    *needed.entry(record.order.spec.request.token_in.mint()).or_default() += i128::from(funding.swap.0);
    *needed.entry(Token::SOL.mint()).or_default() += i128::from(funding.costs.0) + i128::from(funding.rent.0);
    needed.retain(|_, units| *units != 0);
    let mut held = Amounts::new();
    for posting in entries.iter().flat_map(|entry| &entry.postings) {
        if posting.kind == PostingKind::Hold {
            *held.entry(posting.mint).or_default() += i128::from(posting.units.0);
        }
    }
    findings.require(held == needed, Rule::HoldsAreNeeded, record.order.id, || {
        format!("{held:?} was held for it, and it may need {needed:?}")
    });
}

/// What an order has paid as fees of its venue and of the chain is what they took.
fn check_fees(record: &OrderRecord, entries: &[&Entry], findings: &mut Findings<'_>) {
    let posted = |kind: PostingKind| {
        let mut posted = Amounts::new();
        for posting in entries.iter().flat_map(|entry| &entry.postings).filter(|posting| posting.kind == kind)
        {
            *posted.entry(posting.mint).or_default() += i128::from(posting.units.0);
        }
        posted
    };
    let (mut venues, mut network) = (Amounts::new(), Amounts::new());
    for attempt in &record.attempts {
        let Some(entry) = findings.index.transactions.get(&attempt.transaction.signature) else { continue };
        *network.entry(Token::SOL.mint()).or_default() += i128::from(charged(entry).unwrap_or_default().0);
        if let LandingOutcome::Landed(landed) = &entry.outcome {
            let fee = landed.venue_fee;
            *venues.entry(fee.token.mint()).or_default() += i128::from(fee.units.0);
        }
    }
    for (kind, took) in [(PostingKind::VenueFee, &mut venues), (PostingKind::NetworkFee, &mut network)] {
        took.retain(|_, units| *units != 0);
        let posted = posted(kind);
        findings.require(posted == *took, Rule::FeesAreTrue, record.order.id, || {
            format!("its postings of {kind:?} are {posted:?}, and {took:?} was taken")
        });
    }
}

/// What the chain moved in and out of the wallet by the transactions of an order.
fn on_chain(record: &OrderRecord, findings: &Findings<'_>) -> Amounts {
    let mut moved = Amounts::new();
    for attempt in &record.attempts {
        let Some(entry) = findings.index.transactions.get(&attempt.transaction.signature) else { continue };
        let fee = charged(entry).unwrap_or_default();
        *moved.entry(Token::SOL.mint()).or_default() -= i128::from(fee.0);
        if let LandingOutcome::Landed(landed) = &entry.outcome {
            *moved.entry(Token::SOL.mint()).or_default() -= landed.rent.net();
            for change in &landed.pool_changes {
                *moved.entry(change.mint).or_default() -= change.delta;
            }
        }
    }
    moved.retain(|_, units| *units != 0);
    moved
}
