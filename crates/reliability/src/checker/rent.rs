//! Rent of token accounts: the books say of it what the chain's log says, and that of each account is paid once.

use std::collections::BTreeMap;

use domain::{
    Mint,
    books::{self, PostingKind, WalletId},
    swap::Rent,
};
use venues::simulated::transaction_log::{Entry, LandingOutcome};

use super::{Evidence, Findings, OrderRecord, Rule};

/// The postings of an order that has ended, against the transactions of its attempts.
pub(super) fn check_order(record: &OrderRecord, entries: &[&books::Entry], findings: &mut Findings<'_>) {
    let posted = |kind| {
        let postings = entries.iter().flat_map(|entry| &entry.postings);
        postings
            .filter(|posting| posting.kind == kind)
            .map(|posting| u128::from(posting.units.0))
            .sum::<u128>()
    };
    let on_chain =
        |part: fn(&Rent) -> u64| landed(record, findings).map(|(_, rent)| u128::from(part(rent))).sum();
    let posted = [posted(PostingKind::Rent), posted(PostingKind::RentRefund)];
    let took: [u128; 2] = [on_chain(|rent| rent.paid.0), on_chain(|rent| rent.refunded.0)];
    findings.require(posted == took, Rule::RentIsTrue, record.order.id, || {
        format!(
            "its postings have paid and got back {posted:?} lamports of rent, and the chain says {took:?}"
        )
    });
}

/// Of the swaps by which a wallet received a token, one has opened its account.
pub(super) fn check_accounts(evidence: &Evidence, findings: &mut Findings<'_>) {
    let mut opened: BTreeMap<(WalletId, Mint), usize> = BTreeMap::new();
    for record in &evidence.orders {
        let Some(funding) = record.order.spec.funding else { continue };
        let account = (funding.wallet, record.order.spec.request.token_out.mint());
        for (_, rent) in landed(record, findings).filter(|(entry, _)| !entry.accounts.is_empty()) {
            *opened.entry(account).or_default() += usize::from(rent.net() > 0);
        }
    }
    for ((wallet, mint), times) in opened.into_iter().filter(|(_, times)| *times != 1) {
        let detail = format!("wallet {wallet} has paid {times} times for its account of {mint}");
        findings.add(Rule::RentIsPaidOnce, None, detail);
    }
}

/// The transactions of an order that landed.
fn landed<'a>(
    record: &'a OrderRecord,
    findings: &'a Findings<'_>,
) -> impl Iterator<Item = (&'a Entry, &'a Rent)> {
    record.attempts.iter().filter_map(|attempt| {
        let entry = *findings.index.transactions.get(&attempt.transaction.signature)?;
        let LandingOutcome::Landed(landed) = &entry.outcome else { return None };
        Some((entry, &landed.rent))
    })
}
