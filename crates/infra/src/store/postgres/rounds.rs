//! Sorts a batch into writes that may go in one statement.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use domain::{
    AccountId, OrderId,
    books::{Payment, Transfer, Wallet},
    ports::{Acceptance, Cancel, Commit, Effect, Fence},
};

use super::Write;

/// Writes that have nothing in common, each with its position in the batch. They are sorted by what
/// they lock, so that two processes with the same orders cannot wait for each other in a circle.
#[derive(Default)]
pub(super) struct Round<'a> {
    pub(super) accepts: Vec<(usize, &'a Acceptance)>,
    /// By worker and length of the lease, which all claims of a process have in common.
    pub(super) claims: BTreeMap<(&'a str, Duration), Vec<(usize, OrderId)>>,
    pub(super) renewals: Vec<(usize, Fence, Duration)>,
    pub(super) releases: Vec<(usize, Fence, Duration)>,
    pub(super) unparked: Vec<(usize, AccountId, OrderId)>,
    pub(super) cancels: Vec<(usize, &'a Cancel)>,
    pub(super) commits: Vec<(usize, &'a Commit)>,
}

/// A batch, sorted.
pub(super) struct Sorted<'a> {
    /// A write whose order, idempotency key or client order id an earlier write of the batch also
    /// has is in a later round than that one, so those take effect in the order of their arrival.
    pub(super) rounds: Vec<Round<'a>>,
    /// Sweeps: position, limit, and when to deliver again.
    pub(super) due: Vec<(usize, u32, Duration)>,
    /// New wallets, each with what it begins with.
    pub(super) wallets: Vec<(usize, &'a Wallet, &'a [Payment])>,
    pub(super) transfers: Vec<(usize, &'a Transfer)>,
}

/// What two writes may have in common.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Order(OrderId),
    Idempotency(AccountId, &'a str),
    ClientOrder(AccountId, &'a str),
}

impl<'a> Sorted<'a> {
    pub(super) fn of(writes: &'a [Write]) -> Self {
        let mut sorted =
            Self { rounds: Vec::new(), due: Vec::new(), wallets: Vec::new(), transfers: Vec::new() };
        let mut next_round = HashMap::with_capacity(writes.len());
        for (position, write) in writes.iter().enumerate() {
            match write {
                Write::LeaseDue { limit, redeliver_after } => {
                    sorted.due.push((position, *limit, *redeliver_after));
                    continue;
                }
                Write::OpenWallet { wallet, opening } => {
                    sorted.wallets.push((position, wallet, opening));
                    continue;
                }
                Write::Transfer(transfer) => {
                    sorted.transfers.push((position, transfer));
                    continue;
                }
                _ => {}
            }
            let keys = keys(write);
            let number = keys.iter().filter_map(|key| next_round.get(key).copied()).max().unwrap_or(0);
            next_round.extend(keys.into_iter().map(|key| (key, number + 1)));
            if number == sorted.rounds.len() {
                sorted.rounds.push(Round::default());
            }
            sorted.rounds[number].add(position, write);
        }
        sorted.rounds.iter_mut().for_each(Round::sort);
        sorted
    }

    /// Whether the statement that accepts or commits orders is the last one of the batch and the only one that moves
    /// tokens, so that it can write the entries too.
    pub(super) fn ends_with_its_only_entries(&self) -> bool {
        let ([round], []) = (&self.rounds[..], &self.due[..]) else { return false };
        let others = [
            round.claims.is_empty(),
            round.renewals.is_empty(),
            round.releases.is_empty(),
            round.unparked.is_empty(),
            round.cancels.is_empty(),
        ];
        let is_last = !round.commits.is_empty() || others.into_iter().all(|is_empty| is_empty);
        self.wallets.is_empty()
            && self.transfers.is_empty()
            && is_last
            && round.accepts.is_empty() != round.commits.is_empty()
            && !round.has_effects()
    }

    /// Whether the batch is one statement, and whole as soon as that is done. Claims, cancels and sweeps are not:
    /// what they took is looked at afterwards, and must be given back if that fails. Effects are statements of their
    /// own, and so is what moves tokens unless it is written `at_once`.
    pub(super) fn is_one_statement(&self, at_once: bool) -> bool {
        let ([round], []) = (&self.rounds[..], &self.due[..]) else { return false };
        if !(self.wallets.is_empty() && self.transfers.is_empty()) {
            return false;
        }
        let statements = [
            !round.accepts.is_empty(),
            !round.renewals.is_empty(),
            !round.releases.is_empty(),
            !round.unparked.is_empty(),
            !round.commits.is_empty(),
        ];
        let moves_tokens = round.accepts.iter().any(|(_, asked)| asked.order.spec.funding.is_some())
            || round.commits.iter().any(|(_, commit)| commit.entry().is_some());
        !round.has_effects()
            && (at_once || !moves_tokens)
            && round.claims.is_empty()
            && round.cancels.is_empty()
            && statements.into_iter().filter(|is_there| *is_there).count() == 1
    }
}

fn keys(write: &Write) -> Vec<Key<'_>> {
    match write {
        Write::Accept(asked) => keys_of_new(asked),
        Write::Claim { id, .. } | Write::Unpark { id, .. } => vec![Key::Order(*id)],
        Write::Cancel(cancel) => vec![Key::Order(cancel.id)],
        Write::Renew { fence, .. } | Write::Release { fence, .. } => vec![Key::Order(fence.order_id)],
        Write::Commit(commit) => {
            let mut keys = vec![Key::Order(commit.fence.order_id)];
            keys.extend(Effect::accepted(&commit.effects).flat_map(keys_of_new));
            keys
        }
        Write::LeaseDue { .. } | Write::OpenWallet { .. } | Write::Transfer(_) => Vec::new(),
    }
}

/// Those of a new order, and of the orders that come with it.
fn keys_of_new(asked: &Acceptance) -> Vec<Key<'_>> {
    let account = asked.order.account;
    let idempotency = asked.idempotency_key.as_deref().map(|key| Key::Idempotency(account, key));
    let client = asked.order.client_order_id.as_deref().map(|id| Key::ClientOrder(account, id));
    let mut keys: Vec<_> =
        [Some(Key::Order(asked.order.id)), idempotency, client].into_iter().flatten().collect();
    keys.extend(Effect::accepted(&asked.effects).flat_map(keys_of_new));
    keys
}

impl<'a> Round<'a> {
    fn add(&mut self, position: usize, write: &'a Write) {
        match write {
            Write::Accept(asked) => self.accepts.push((position, asked)),
            Write::Claim { id, worker, lease } => {
                self.claims.entry((worker, *lease)).or_default().push((position, *id));
            }
            Write::Renew { fence, lease } => self.renewals.push((position, *fence, *lease)),
            Write::Release { fence, due_after } => self.releases.push((position, *fence, *due_after)),
            Write::Unpark { account, id } => self.unparked.push((position, *account, *id)),
            Write::Cancel(cancel) => self.cancels.push((position, cancel)),
            Write::Commit(commit) => self.commits.push((position, commit)),
            Write::LeaseDue { .. } | Write::OpenWallet { .. } | Write::Transfer(_) => {}
        }
    }

    fn has_effects(&self) -> bool {
        self.accepts.iter().any(|(_, asked)| !asked.effects.is_empty())
            || self.commits.iter().any(|(_, commit)| !commit.effects.is_empty())
    }

    fn sort(&mut self) {
        // Repeated requests have new order ids each time: what they may wait for is their keys.
        self.accepts.sort_unstable_by_key(|(_, asked)| {
            (&asked.idempotency_key, &asked.order.client_order_id, asked.order.id)
        });
        self.renewals.sort_unstable_by_key(|(_, fence, _)| fence.order_id);
        self.releases.sort_unstable_by_key(|(_, fence, _)| fence.order_id);
        self.unparked.sort_unstable_by_key(|(.., id)| *id);
        self.cancels.sort_unstable_by_key(|(_, cancel)| cancel.id);
        self.commits.sort_unstable_by_key(|(_, commit)| commit.fence.order_id);
    }
}

#[cfg(test)]
mod tests {
    use domain::{Order, ports::ClaimAction};
    use testkit::samples;

    use super::*;

    fn accept(order: &Order, key: &str) -> Write {
        let acceptance = samples::acceptance();
        Write::Accept(Box::new(Acceptance {
            order: order.clone(),
            idempotency_key: Some(key.to_owned()),
            ..acceptance
        }))
    }

    fn claim(order: &Order) -> Write {
        Write::Claim { id: order.id, worker: "worker".into(), lease: Duration::from_secs(1) }
    }

    #[test]
    fn one_kind_of_write_is_one_statement_but_claims_and_sweeps() {
        let orders = [(); 2].map(|()| samples::acceptance().order);
        let due = Write::LeaseDue { limit: 1, redeliver_after: Duration::ZERO };
        let release = |order: &Order| Write::Release {
            fence: Fence { order_id: order.id, lease_epoch: 1 },
            due_after: Duration::ZERO,
        };
        let is_one = |batch: &[Write]| Sorted::of(batch).is_one_statement(false);
        assert!(is_one(&[accept(&orders[0], "a"), accept(&orders[1], "b")]));
        assert!(!is_one(&[accept(&orders[0], "a"), accept(&orders[1], "a")]));
        assert!(is_one(&[release(&orders[0]), release(&orders[1])]));
        assert!(!is_one(&[release(&orders[0]), release(&orders[0])]));
        assert!(!is_one(&[accept(&orders[0], "a"), release(&orders[1])]));
        assert!(!is_one(&[claim(&orders[0])]));
        assert!(!is_one(&[accept(&orders[0], "a"), due.clone()]));
        let effects = vec![Effect::Accept(Box::new(samples::acceptance()))];
        assert!(!is_one(&[Write::Accept(Box::new(Acceptance { effects, ..samples::acceptance() }))]));
        assert!(!is_one(&[due]));
    }

    #[test]
    fn entries_go_with_the_last_statement_if_no_other_moves_tokens() {
        let orders = [(); 3].map(|()| samples::acceptance().order);
        let commit = |order: &Order| {
            Write::Commit(Box::new(Commit {
                fence: Fence { order_id: order.id, lease_epoch: 1 },
                order: order.clone(),
                events: Vec::new(),
                change: None,
                then: ClaimAction::Continue,
                effects: Vec::new(),
            }))
        };
        let goes_with = |batch: &[Write]| Sorted::of(batch).ends_with_its_only_entries();
        assert!(goes_with(&[accept(&orders[0], "a"), accept(&orders[1], "b")]));
        assert!(goes_with(&[claim(&orders[0]), commit(&orders[1])]));
        assert!(!goes_with(&[claim(&orders[0]), accept(&orders[1], "a")]), "claims come after acceptances");
        assert!(!goes_with(&[accept(&orders[0], "a"), commit(&orders[1])]), "both move tokens");
        assert!(!goes_with(&[claim(&orders[0]), commit(&orders[0])]), "two rounds");
        let due = Write::LeaseDue { limit: 1, redeliver_after: Duration::ZERO };
        assert!(!goes_with(&[commit(&orders[0]), due]), "locks rows after balances");
    }

    #[test]
    fn writes_with_nothing_in_common_share_a_round_and_others_keep_their_order() {
        let orders = [(); 4].map(|()| samples::acceptance().order);
        let due = Write::LeaseDue { limit: 1, redeliver_after: Duration::ZERO };
        let fence = Fence { order_id: orders[1].id, lease_epoch: 1 };
        let batch = [
            accept(&orders[0], "a"),
            claim(&orders[1]),
            due,
            accept(&orders[2], "a"),
            Write::Release { fence, due_after: Duration::ZERO },
            claim(&orders[1]),
            accept(&orders[3], "b"),
        ];
        let Sorted { rounds, due, .. } = Sorted::of(&batch);
        let positions: Vec<Vec<usize>> = rounds
            .iter()
            .map(|round| {
                let accepts = round.accepts.iter().map(|(position, _)| *position);
                let claims = round.claims.values().flatten().map(|(position, _)| *position);
                let releases = round.releases.iter().map(|(position, ..)| *position);
                accepts.chain(claims).chain(releases).collect()
            })
            .collect();
        assert_eq!(positions, [vec![0, 6, 1], vec![3, 4], vec![5]]);
        assert_eq!(due.len(), 1);
    }
}
