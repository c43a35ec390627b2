//! Profit and loss, against a plain replay of the documented method in exact arithmetic.

use std::collections::BTreeMap;

use num_rational::BigRational as Exact;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{Amount, Mint, OrderId, Timestamp, Token};

const TOKENS: [Mint; 3] = [Mint::USDC, Mint::WRAPPED_SOL, Mint::new([7; 32])];

fn entry(cause: Cause, postings: Vec<Posting>) -> Entry {
    Entry { wallet: WalletId(Uuid::nil()), cause, at: Timestamp::default(), postings }
}

fn posting(kind: PostingKind, mint: Mint, units: u64) -> Posting {
    Posting::new(kind, mint, Amount(units))
}

fn transfer(posting: Posting) -> Entry {
    entry(Cause::Transfer(TransferId(Uuid::nil())), vec![posting])
}

fn deposit(mint: Mint, units: u64, worth: u64) -> Entry {
    transfer(Posting { worth: Some(Amount(worth)), ..posting(PostingKind::Deposit, mint, units) })
}

fn trade(postings: Vec<Posting>) -> Entry {
    entry(Cause::Order { id: OrderId(Uuid::nil()), seq: 6, attempt: 1 }, postings)
}

fn swap(spent: (Mint, u64), received: (Mint, u64), fee: u64) -> Entry {
    trade(vec![
        posting(PostingKind::Release, spent.0, spent.1),
        posting(PostingKind::SwapIn, spent.0, spent.1 - fee),
        posting(PostingKind::SwapOut, received.0, received.1),
        posting(PostingKind::VenueFee, spent.0, fee),
    ])
}

fn after(entries: &[Entry]) -> Profit {
    let mut profit = Profit::default();
    for entry in entries {
        profit.add(entry);
    }
    profit
}

#[test]
fn buying_costs_what_was_spent_and_selling_realizes_the_difference() {
    let [usdc, sol, _] = TOKENS;
    let bought = [deposit(usdc, 1_000, 1_000), swap((usdc, 303), (sol, 20), 3)];
    let profit = after(&bought);
    assert_eq!(profit.holdings[&sol], Holding { units: 20, cost: 300, realized: 0 });
    assert_eq!(profit.holdings[&usdc], Holding { units: 697, cost: 697, realized: 0 });
    assert_eq!((profit.fees.venues, profit.deposited, profit.realized()), (3, 1_000, 0));

    let sold = after(&[&bought[..], &[swap((sol, 10), (usdc, 180), 0)]].concat());
    assert_eq!(sold.holdings[&sol], Holding { units: 10, cost: 150, realized: 30 });
    assert_eq!(sold.holdings[&usdc].units, 877);
}

#[test]
fn a_swap_between_two_other_tokens_carries_the_cost_over() {
    let [_, sol, other] = TOKENS;
    let profit = after(&[deposit(sol, 10, 1_500), swap((sol, 4), (other, 8_000), 0)]);
    assert_eq!(profit.holdings[&other], Holding { units: 8_000, cost: 600, realized: 0 });
    assert_eq!(profit.holdings[&sol], Holding { units: 6, cost: 900, realized: 0 });
}

#[test]
fn the_fee_of_a_reverted_attempt_is_a_fee_at_the_average_cost() {
    let [_, sol, _] = TOKENS;
    let reverted =
        trade(vec![posting(PostingKind::Release, sol, 5), posting(PostingKind::NetworkFee, sol, 5)]);
    let profit = after(&[deposit(sol, 1_000, 4_000), reverted]);
    assert_eq!((profit.fees.network, profit.holdings[&sol].cost), (20, 3_980));
}

#[test]
fn rent_is_kept_at_its_cost_until_it_is_refunded() {
    let [_, sol, _] = TOKENS;
    let rent = trade(vec![posting(PostingKind::Rent, sol, 10)]);
    let refund = trade(vec![posting(PostingKind::RentRefund, sol, 10)]);
    let held = after(&[deposit(sol, 100, 1_000), rent.clone()]);
    assert_eq!((held.rent.cost, held.holdings[&sol].cost), (100, 900));
    let back = after(&[deposit(sol, 100, 1_000), rent, refund]);
    assert_eq!((back.rent, back.holdings[&sol].cost), (Holding::default(), 1_000));
}

#[test]
fn rent_that_comes_back_at_once_keeps_what_it_cost() {
    let [_, sol, _] = TOKENS;
    let rent = |paid, refunded| {
        trade(vec![posting(PostingKind::Rent, sol, paid), posting(PostingKind::RentRefund, sol, refunded)])
    };
    let dear = [deposit(sol, 100, 1_000), rent(20, 10), deposit(sol, 90, 9_000)];
    let profit = after(&[&dear[..], &[rent(10, 10)]].concat());
    assert_eq!(profit, after(&dear));
    assert_eq!(profit.rent, Holding { units: 10, cost: 100, realized: 0 });
}

#[test]
fn after_a_reset_only_its_deposits_count() {
    let [usdc, sol, _] = TOKENS;
    let mut profit =
        after(&[deposit(usdc, 1_000, 1_000), swap((usdc, 500), (sol, 5), 5), swap((sol, 5), (usdc, 400), 0)]);
    assert_eq!((profit.realized(), profit.fees.venues), (-95, 5));
    let postings =
        vec![posting(PostingKind::Withdrawal, usdc, 900), posting(PostingKind::Deposit, usdc, 2_000)];
    let at = Timestamp::from_unix_millis(1);
    let reset = entry(Cause::Reset { id: TransferId(Uuid::nil()), epoch: 1 }, postings);
    profit.add(&Entry { at, ..reset });
    let expected = after(&[deposit(usdc, 2_000, 2_000)]);
    assert_eq!(profit, Profit { reset_at: Some(at), ..expected });
}

#[test]
fn a_deposit_of_unknown_worth_is_noted() {
    let [usdc, sol, _] = TOKENS;
    let unpriced = |mint| transfer(posting(PostingKind::Deposit, mint, 10));
    assert!(after(&[unpriced(sol)]).has_unpriced);
    assert!(!after(&[unpriced(usdc)]).has_unpriced, "a USDC is worth a USDC");
}

#[test]
fn amounts_of_64_bits_do_not_overflow() {
    let [usdc, sol, other] = TOKENS;
    let most = Balance::MAX;
    let mut profit = Profit::default();
    for _ in 0..100 {
        profit.add(&deposit(sol, most, u64::MAX));
        profit.add(&swap((sol, most - 1), (other, most), 1));
        profit.add(&swap((other, most), (usdc, most), most / 2));
        profit.add(&transfer(posting(PostingKind::Withdrawal, usdc, most)));
        profit.add(&transfer(posting(PostingKind::Withdrawal, sol, 1)));
    }
    assert_identity(&profit);
}

/// The costs of all holdings are what was deposited and realized, less fees.
fn assert_identity(profit: &Profit) {
    let costs: u128 = profit.holdings.values().map(|holding| holding.cost).sum::<u128>() + profit.rent.cost;
    let fees = profit.fees.venues + profit.fees.network;
    assert_eq!(
        i128::try_from(costs).unwrap(),
        profit.deposited + profit.realized() - i128::try_from(fees).unwrap()
    );
}

/// The rules as they are documented, in numbers without a limit. A share of a cost is rounded down, everything else is exact.
struct Replay {
    units: BTreeMap<Mint, Exact>,
    costs: BTreeMap<Mint, Exact>,
    realized: BTreeMap<Mint, Exact>,
    fees: Exact,
    /// Units and cost.
    rent: [Exact; 2],
}

impl Replay {
    fn new() -> Self {
        let realized = TOKENS.map(|mint| (mint, exact(0))).into();
        let rent = [exact(0), exact(0)];
        Self { units: BTreeMap::new(), costs: BTreeMap::new(), realized, fees: exact(0), rent }
    }

    fn take(&mut self, mint: Mint, units: Exact) -> Exact {
        let (had, cost) = (self.units[&mint].clone(), self.costs[&mint].clone());
        let share = share(&cost, &units, &had);
        self.units.insert(mint, had - units);
        self.costs.insert(mint, cost - &share);
        share
    }

    fn give(&mut self, mint: Mint, units: Exact, cost: Exact) {
        *self.units.entry(mint).or_insert_with(|| exact(0)) += units;
        *self.costs.entry(mint).or_insert_with(|| exact(0)) += cost;
    }

    fn rent(&mut self, units: Exact) {
        let cost = self.take(Mint::WRAPPED_SOL, units.clone());
        let [had, costs] = &self.rent;
        self.rent = [had + units, costs + cost];
    }

    fn refund(&mut self, units: Exact) {
        let [had, costs] = self.rent.clone();
        let share = share(&costs, &units, &had);
        self.rent = [had - &units, costs - &share];
        self.give(Mint::WRAPPED_SOL, units, share);
    }
}

/// `cost · units / had`, rounded down.
fn share(cost: &Exact, units: &Exact, had: &Exact) -> Exact {
    if *had == exact(0) { exact(0) } else { (cost * units / had).floor() }
}

/// A step of a history: what it does, the tokens, and parts of a hundred of the balance.
#[derive(Debug, Clone)]
enum Step {
    Deposit {
        token: usize,
        units: u8,
        worth: u8,
    },
    Withdraw {
        token: usize,
        part: u8,
    },
    Swap {
        spent: usize,
        received: usize,
        part: u8,
        units: u8,
        fee: u8,
    },
    NetworkFee {
        part: u8,
    },
    /// Lent units come back in the same entry.
    Rent {
        part: u8,
        lent: u8,
    },
    Refund {
        part: u8,
    },
    Reset {
        units: u8,
    },
}

fn any_step() -> impl Strategy<Value = Step> {
    let token = 0..TOKENS.len();
    let part = 1u8..=4;
    prop_oneof![
        (token.clone(), 1u8..60, 1u8..60).prop_map(|(token, units, worth)| Step::Deposit {
            token,
            units,
            worth
        }),
        (token.clone(), part.clone()).prop_map(|(token, part)| Step::Withdraw { token, part }),
        (token.clone(), token, part.clone(), 1u8..60, 0u8..3)
            .prop_map(|(spent, received, part, units, fee)| Step::Swap { spent, received, part, units, fee }),
        part.clone().prop_map(|part| Step::NetworkFee { part }),
        (part.clone(), 0u8..3).prop_map(|(part, lent)| Step::Rent { part, lent }),
        part.prop_map(|part| Step::Refund { part }),
        (1u8..60).prop_map(|units| Step::Reset { units }),
    ]
}

/// Base units per unit of a step.
const SCALE: u64 = 1_009;

proptest! {
    #[test]
    fn it_equals_an_exact_replay(steps in prop::collection::vec(any_step(), 1..40)) {
        let (mut profit, mut replay) = (Profit::default(), Replay::new());
        for token in TOKENS {
            profit.add(&deposit(token, 64 * SCALE, 64 * SCALE));
            replay.give(token, exact(64 * SCALE), exact(64 * SCALE));
        }
        for step in &steps {
            take_step(&mut profit, &mut replay, step);
            assert_identity(&profit);
        }
        for (mint, holding) in &profit.holdings {
            prop_assert_eq!(&integer(i128::try_from(holding.units).unwrap()), &replay.units[mint]);
            prop_assert_eq!(&integer(i128::try_from(holding.cost).unwrap()), &replay.costs[mint]);
            prop_assert_eq!(&integer(holding.realized), &replay.realized[mint]);
        }
        let fees = profit.fees.venues + profit.fees.network;
        prop_assert_eq!(&integer(i128::try_from(fees).unwrap()), &replay.fees);
        let [units, cost] = &replay.rent;
        prop_assert_eq!(&integer(i128::try_from(profit.rent.units).unwrap()), units);
        prop_assert_eq!(&integer(i128::try_from(profit.rent.cost).unwrap()), cost);
    }
}

fn exact(units: u64) -> Exact {
    integer(units.into())
}

fn integer(units: i128) -> Exact {
    Exact::from_integer(units.into())
}

fn take_step(profit: &mut Profit, replay: &mut Replay, step: &Step) {
    let has = |profit: &Profit, mint: Mint| u64::try_from(profit.holdings[&mint].units).unwrap();
    match *step {
        Step::Deposit { token, units, worth } => {
            let (mint, units) = (TOKENS[token], u64::from(units) * SCALE);
            let worth = if mint == Mint::USDC { units } else { u64::from(worth) * SCALE };
            profit.add(&deposit(mint, units, worth));
            replay.give(mint, exact(units), exact(worth));
        }
        Step::Withdraw { token, part } => {
            let units = has(profit, TOKENS[token]) / u64::from(part);
            profit.add(&transfer(posting(PostingKind::Withdrawal, TOKENS[token], units)));
            replay.take(TOKENS[token], exact(units));
        }
        Step::Swap { spent, received, part, units, fee } => {
            let (spent, received) = (TOKENS[spent], TOKENS[received]);
            let (paid, units) = (has(profit, spent) / u64::from(part), u64::from(units) * SCALE);
            if spent == received || paid == 0 {
                return;
            }
            let fee = paid / 100 * u64::from(fee);
            profit.add(&swap((spent, paid), (received, units), fee));
            let carried = replay.take(spent, exact(paid - fee));
            let cost = if received == Mint::USDC { exact(units) } else { carried.clone() };
            *replay.realized.get_mut(&spent).unwrap() += &cost - carried;
            replay.give(received, exact(units), cost);
            let fee = replay.take(spent, exact(fee));
            replay.fees += fee;
        }
        Step::NetworkFee { part } => {
            let units = has(profit, Token::SOL.mint()) / u64::from(part);
            profit.add(&trade(vec![posting(PostingKind::NetworkFee, Token::SOL.mint(), units)]));
            let fee = replay.take(Token::SOL.mint(), exact(units));
            replay.fees += fee;
        }
        Step::Rent { part, lent } => {
            let sol = Token::SOL.mint();
            let units = has(profit, sol) / u64::from(part) / 2;
            let lent = units / 3 * u64::from(lent);
            profit.add(&trade(vec![
                posting(PostingKind::Rent, sol, units + lent),
                posting(PostingKind::RentRefund, sol, lent),
            ]));
            replay.rent(exact(units));
        }
        Step::Refund { part } => {
            let units = u64::try_from(profit.rent.units).unwrap() / u64::from(part);
            profit.add(&trade(vec![posting(PostingKind::RentRefund, Token::SOL.mint(), units)]));
            replay.refund(exact(units));
        }
        Step::Reset { units } => {
            let units = u64::from(units) * SCALE;
            let deposits = TOKENS.map(|mint| Posting {
                worth: Some(Amount(units)),
                ..posting(PostingKind::Deposit, mint, units)
            });
            let reset = Cause::Reset { id: TransferId(Uuid::nil()), epoch: 1 };
            profit.add(&entry(reset, deposits.to_vec()));
            *replay = Replay::new();
            for token in TOKENS {
                replay.give(token, exact(units), exact(units));
            }
        }
    }
}
