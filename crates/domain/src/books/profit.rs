use std::collections::BTreeMap;

use super::{Cause, Entry, Posting, PostingKind};
use crate::{Amount, Mint, Timestamp};

/// What a wallet has earned since its last reset, by average cost. All values are base units of
/// [`Token::USDC`](crate::Token::USDC).
///
/// - A deposit costs what it was worth. A withdrawal, a fee and what a swap spends take their share of the token's cost:
///   cost · amount / balance, rounded down.
/// - A swap to USDC realizes the difference to the cost of what it spent. A swap between two other tokens realizes
///   nothing: what is received costs what was spent.
/// - Fees are kept apart and count as neither cost nor loss of a token.
/// - Rent of a token account keeps what it cost until it is refunded.
///
/// At any time, the costs of all holdings, rent included, are `deposited` plus all that was realized less `fees`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profit {
    /// When the wallet was last reset; `None` if it never was.
    pub reset_at: Option<Timestamp>,
    pub holdings: BTreeMap<Mint, Holding>,
    /// Deposits less the cost of what was withdrawn.
    pub deposited: i128,
    pub fees: Fees,
    /// Deposited for token accounts, lamports.
    pub rent: Holding,
    /// Whether a deposit had no known price, and counts as zero.
    pub has_unpriced: bool,
}

/// What a wallet has of one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holding {
    /// Base units.
    pub units: u128,
    pub cost: u128,
    /// What was gained by selling the token, negative for a loss.
    pub realized: i128,
}

/// Fees by whom they were paid to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fees {
    pub venues: u128,
    /// Tips included.
    pub network: u128,
}

impl Profit {
    /// Takes in the next entry of the wallet's books.
    pub fn add(&mut self, entry: &Entry) {
        if let Cause::Reset { .. } = entry.cause {
            *self = Self { reset_at: Some(entry.at), ..Self::default() };
            entry.postings.iter().filter(|posting| posting.kind == PostingKind::Deposit).for_each(
                |posting| {
                    self.deposit(posting);
                },
            );
            return;
        }
        let mut spent = None;
        for posting in &entry.postings {
            let &Posting { kind, mint, units, .. } = posting;
            match kind {
                PostingKind::Deposit => self.deposit(posting),
                PostingKind::Withdrawal => self.deposited -= signed(self.take(mint, units)),
                PostingKind::SwapIn => spent = Some((mint, self.take(mint, units))),
                PostingKind::SwapOut => self.receive(mint, units, spent.take()),
                PostingKind::VenueFee => self.fees.venues += self.take(mint, units),
                PostingKind::NetworkFee | PostingKind::Tip => self.fees.network += self.take(mint, units),
                PostingKind::Hold | PostingKind::Release | PostingKind::Rent | PostingKind::RentRefund => {}
            }
        }
        self.deposit_rent(&entry.postings);
    }

    /// Deposits for token accounts what an entry does not also give back: what is only lent for a moment keeps its cost.
    fn deposit_rent(&mut self, postings: &[Posting]) {
        let of = |kind| {
            let of_kind = postings.iter().filter(|posting| posting.kind == kind);
            of_kind.map(|posting| posting.units.0).sum::<u64>()
        };
        let (paid, refunded) = (of(PostingKind::Rent), of(PostingKind::RentRefund));
        if let Some(taken @ 1..) = paid.checked_sub(refunded) {
            let cost = self.take(Mint::WRAPPED_SOL, Amount(taken));
            self.rent.give(Amount(taken), cost);
        }
        if let Some(back @ 1..) = refunded.checked_sub(paid) {
            let cost = self.rent.take(Amount(back));
            self.holding(Mint::WRAPPED_SOL).give(Amount(back), cost);
        }
    }

    /// What was gained by selling tokens.
    pub fn realized(&self) -> i128 {
        self.holdings.values().map(|holding| holding.realized).sum()
    }

    fn deposit(&mut self, posting: &Posting) {
        let worth = if posting.mint == Mint::USDC { Some(posting.units) } else { posting.worth };
        self.has_unpriced |= worth.is_none();
        let worth = u128::from(worth.unwrap_or_default().0);
        self.deposited += signed(worth);
        self.holding(posting.mint).give(posting.units, worth);
    }

    fn receive(&mut self, mint: Mint, units: Amount, spent: Option<(Mint, u128)>) {
        let spent_cost = spent.map_or(0, |(_, cost)| cost);
        let cost = if mint == Mint::USDC { u128::from(units.0) } else { spent_cost };
        if let Some((spent, spent_cost)) = spent {
            self.holding(spent).realized += signed(cost) - signed(spent_cost);
        }
        self.holding(mint).give(units, cost);
    }

    fn take(&mut self, mint: Mint, units: Amount) -> u128 {
        self.holding(mint).take(units)
    }

    fn holding(&mut self, mint: Mint) -> &mut Holding {
        self.holdings.entry(mint).or_default()
    }
}

impl Holding {
    fn give(&mut self, units: Amount, cost: u128) {
        self.units += u128::from(units.0);
        self.cost += cost;
    }

    /// Takes units out and returns their share of the cost.
    fn take(&mut self, units: Amount) -> u128 {
        let units = u128::from(units.0).min(self.units);
        let share = match (self.cost.checked_div(self.units), self.cost.checked_rem(self.units)) {
            // the remainder is less than the units that the wallet has, and both fit 64 bits
            (Some(whole), Some(rest)) => whole * units + rest * units / self.units,
            _ => 0,
        };
        self.units -= units;
        self.cost -= share;
        share
    }
}

/// Costs are sums of what 64 bits can say, far from the most that 127 bits can.
fn signed(cost: u128) -> i128 {
    i128::try_from(cost).unwrap_or(i128::MAX)
}
