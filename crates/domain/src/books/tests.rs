use proptest::prelude::*;
use strum::VariantArray;
use uuid::Uuid;

use super::*;
use crate::{
    AccountId, Amount, Bps, Event, EventData, Failure, FailureCode, Fill, Mint, Order, OrderId, OrderSpec,
    OrderType, QuoteRequest, Signature, SwapAmount, Timestamp, Token, TokenAmount, VenueId, swap::Rent,
};

const FEE: Amount = Amount(5_000);

fn usdc() -> Token {
    Token::well_known("USDC").unwrap()
}

fn funding(swap: u64, costs: u64) -> Funding {
    let (swap, costs) = (Amount(swap), Amount(costs));
    Funding { wallet: WalletId(Uuid::nil()), swap, costs, rent: Amount(0) }
}

fn spec(token_in: Token, token_out: Token, funding: Option<Funding>) -> OrderSpec {
    OrderSpec {
        order_type: OrderType::Market,
        request: QuoteRequest { token_in, token_out, amount: SwapAmount::ExactIn(Amount(1_000)) },
        slippage_bps: Bps(50),
        wallet: None,
        tag: None,
        bound: None,
        expires_at: None,
        funding,
    }
}

fn new_order(spec: OrderSpec) -> (Order, Event) {
    Order::accept(OrderId(Uuid::from_u128(7)), AccountId::DEFAULT, None, spec, Timestamp::default())
}

/// The order after a step that follows its submission.
fn after_submission(order: &Order, data: EventData) -> (Order, Event) {
    let mut order =
        Order { status: crate::OrderStatus::Submitted, attempt: order.attempt.max(1), ..order.clone() };
    let event = order.apply(data, Timestamp::default()).unwrap();
    (order, event)
}

fn reverted() -> Failure {
    Failure { network_fee: Some(FEE), ..Failure::new(FailureCode::TransactionReverted, "reverted") }
}

fn retrying() -> EventData {
    EventData::Retrying { failure: reverted(), next_attempt_at: Timestamp::default() }
}

fn fill(spent: TokenAmount, received: TokenAmount, fee: TokenAmount) -> Fill {
    Fill {
        venue: VenueId::RAYDIUM,
        signature: Signature::from_bytes(&[1; 64]),
        slot: 1,
        amount_in: spent,
        amount_out: received,
        fee,
        network_fee: Some(FEE),
        rent: Rent::default(),
        executed_price: 1.into(),
    }
}

fn confirmed(fill: Fill) -> EventData {
    EventData::Confirmed { fill, after_expiry: false }
}

fn told(entry: &Entry) -> Vec<(PostingKind, Mint, u64)> {
    entry.postings.iter().map(|posting| (posting.kind, posting.mint, posting.units.0)).collect()
}

fn has(amounts: &[(Mint, u64)]) -> Sheet {
    let mut sheet = Sheet::default();
    for (mint, units) in amounts {
        sheet.set(WalletId(Uuid::nil()), *mint, Balance { total: Amount(*units), held: Amount(0) });
    }
    sheet
}

fn balance(sheet: &Sheet, mint: Mint) -> (u64, u64) {
    let found = sheet.balances().find(|(_, of, _)| *of == mint);
    found.map_or((0, 0), |(_, _, balance)| (balance.total.0, balance.held.0))
}

#[test]
fn an_order_holds_what_it_may_need_and_releases_what_it_does_not() {
    let (usdc, sol) = (usdc().mint(), Token::SOL.mint());
    let (order, accepted) = new_order(spec(self::usdc(), Token::SOL, Some(funding(1_000, 15_000))));
    let mut sheet = has(&[(usdc, 5_000), (sol, 50_000)]);
    sheet.apply(&Entry::of_step(&order, &accepted, None).unwrap()).unwrap();
    assert_eq!((balance(&sheet, usdc), balance(&sheet, sol)), ((5_000, 1_000), (50_000, 15_000)));

    let (order, event) = after_submission(&order, retrying());
    let paid = Entry::of_step(&order, &event, Some(FEE)).unwrap();
    assert_eq!(told(&paid), [(PostingKind::Release, sol, 5_000), (PostingKind::NetworkFee, sol, 5_000)]);
    sheet.apply(&paid).unwrap();
    assert_eq!(balance(&sheet, sol), (45_000, 10_000));

    let spent = TokenAmount::new(self::usdc(), Amount(900));
    let (received, fee) =
        (TokenAmount::new(Token::SOL, Amount(7)), TokenAmount::new(self::usdc(), Amount(3)));
    let (order, event) = after_submission(&order, confirmed(fill(spent, received, fee)));
    let settled = Entry::of_step(&order, &event, Some(FEE)).unwrap();
    assert_eq!(
        told(&settled),
        [
            (PostingKind::Release, usdc, 1_000),
            (PostingKind::Release, sol, 10_000),
            (PostingKind::SwapIn, usdc, 897),
            (PostingKind::SwapOut, sol, 7),
            (PostingKind::VenueFee, usdc, 3),
            (PostingKind::NetworkFee, sol, 5_000),
        ]
    );
    sheet.apply(&settled).unwrap();
    assert_eq!((balance(&sheet, usdc), balance(&sheet, sol)), ((4_100, 0), (40_007, 0)));
}

/// The end of an order that received so much USDC.
fn received(units: u64) -> Entry {
    let (order, _) = new_order(spec(Token::SOL, usdc(), Some(funding(1_000, 15_000))));
    let (spent, received) =
        (TokenAmount::new(Token::SOL, Amount(900)), TokenAmount::new(usdc(), Amount(units)));
    let fill = fill(spent, received, TokenAmount::new(Token::SOL, Amount(3)));
    let (order, event) = after_submission(&order, confirmed(fill));
    Entry::of_step(&order, &event, Some(FEE)).unwrap()
}

/// Balances with what the order of [`received`] holds.
fn holding(of_usdc: u64) -> Sheet {
    let mut sheet = has(&[(usdc().mint(), of_usdc)]);
    let sol = Balance { total: Amount(50_000), held: Amount(16_000) };
    sheet.set(WalletId(Uuid::nil()), Token::SOL.mint(), sol);
    sheet
}

#[test]
fn what_a_wallet_cannot_hold_of_a_fill_is_withdrawn() {
    let withdrawals = |entry: &Entry| {
        let told = told(entry).into_iter().filter(|(kind, ..)| *kind == PostingKind::Withdrawal);
        told.map(|(_, mint, units)| (mint, units)).collect::<Vec<_>>()
    };
    for (had, units, excess) in [
        (0, 7, None),
        (Balance::MAX - 7, 7, None),
        (Balance::MAX - 7, 8, Some(1)),
        (Balance::MAX, 7, Some(7)),
        (0, u64::MAX, Some(u64::MAX - Balance::MAX)),
        (Balance::MAX, u64::MAX, Some(u64::MAX)),
    ] {
        let mut sheet = holding(had);
        let entry = sheet.fitted(received(units));
        let expected: Vec<_> = excess.into_iter().map(|excess| (usdc().mint(), excess)).collect();
        assert_eq!(withdrawals(&entry), expected);
        assert_eq!(sheet.apply(&entry), Ok(()));
        let left = if excess.is_some() { Balance::MAX } else { had + units };
        assert_eq!(balance(&sheet, usdc().mint()), (left, 0));
    }
}

#[test]
fn a_deposit_that_a_wallet_cannot_hold_stays_as_it_is() {
    let payments = vec![Payment { mint: usdc().mint(), units: Amount(8), worth: None }];
    let (id, kind) = (TransferId(Uuid::nil()), TransferKind::Deposit);
    let transfer = Transfer { id, wallet: WalletId(Uuid::nil()), kind, payments, at: Timestamp::default() };
    let mut sheet = holding(Balance::MAX - 7);
    assert_eq!(sheet.fitted(transfer.entry()), transfer.entry());
    assert_eq!(sheet.apply(&transfer.entry()), Err(Refusal::TooMuch(usdc().mint())));
}

#[test]
fn sol_is_held_once_for_the_swap_and_its_costs() {
    let sol = Token::SOL.mint();
    let (order, accepted) = new_order(spec(Token::SOL, usdc(), Some(funding(1_000, 15_000))));
    let held = Entry::of_step(&order, &accepted, None).unwrap();
    assert_eq!(told(&held), [(PostingKind::Hold, sol, 16_000)]);
    let (order, event) = after_submission(&order, EventData::Failed { failure: reverted() });
    let entry = Entry::of_step(&order, &event, Some(FEE)).unwrap();
    assert_eq!(told(&entry), [(PostingKind::Release, sol, 16_000), (PostingKind::NetworkFee, sol, 5_000)]);
}

#[test]
fn rent_is_held_until_the_end_and_what_a_swap_pays_of_it_is_posted() {
    let sol = Token::SOL.mint();
    let holds_rent = Funding { rent: Amount(800), ..funding(1_000, 15_000) };
    let (order, accepted) = new_order(spec(Token::SOL, usdc(), Some(holds_rent)));
    let held = Entry::of_step(&order, &accepted, None).unwrap();
    assert_eq!(told(&held), [(PostingKind::Hold, sol, 16_800)]);
    let (order, event) = after_submission(&order, retrying());
    let reverted = Entry::of_step(&order, &event, Some(FEE)).unwrap();
    assert_eq!(told(&reverted), [(PostingKind::Release, sol, 5_000), (PostingKind::NetworkFee, sol, 5_000)]);

    let [spent, fee] = [1_000, 3].map(|units| TokenAmount::new(Token::SOL, Amount(units)));
    let rent = Rent { paid: Amount(800), refunded: Amount(400) };
    let fill = Fill { rent, ..fill(spent, TokenAmount::new(usdc(), Amount(9)), fee) };
    let (order, event) = after_submission(&order, confirmed(fill));
    let settled = Entry::of_step(&order, &event, Some(FEE)).unwrap();
    assert_eq!(
        told(&settled),
        [
            (PostingKind::Release, sol, 11_800),
            (PostingKind::SwapIn, sol, 997),
            (PostingKind::SwapOut, usdc().mint(), 9),
            (PostingKind::VenueFee, sol, 3),
            (PostingKind::NetworkFee, sol, 5_000),
            (PostingKind::Rent, sol, 800),
            (PostingKind::RentRefund, sol, 400),
        ]
    );
    let mut sheet = has(&[(sol, 20_000)]);
    for entry in [held, reverted, settled] {
        sheet.apply(&entry).unwrap();
    }
    assert_eq!(balance(&sheet, sol), (20_000 - 1_000 - 10_000 - 400, 0));
}

#[test]
fn what_is_held_covers_an_attempt_unless_the_chain_has_become_dearer() {
    let funding = Funding { rent: Amount(800), ..funding(1_000, 15_000) };
    let covers = |paid, cost, rent| funding.covers(Amount(paid), Amount(cost), Amount(rent));
    assert!(covers(0, 15_000, 800) && covers(10_000, 5_000, 0));
    assert!(!covers(0, 15_001, 800) && !covers(10_001, 5_000, 0) && !covers(0, 5_000, 801));
    assert!(!covers(u64::MAX, u64::MAX, 0));
}

#[test]
fn funding_that_was_stored_before_there_was_rent_holds_none() {
    let mut stored = serde_json::to_value(funding(1_000, 15_000)).unwrap();
    stored.as_object_mut().unwrap().remove("rent");
    assert_eq!(serde_json::from_value::<Funding>(stored).unwrap(), funding(1_000, 15_000));
}

#[test]
fn an_order_that_ends_while_it_waits_pays_no_fee_twice() {
    let (order, _) = new_order(spec(usdc(), Token::SOL, Some(funding(1_000, 15_000))));
    let (mut order, _) = after_submission(&order, retrying());
    let canceled = EventData::Canceled { requested_at: Timestamp::default(), failure: Some(reverted()) };
    let event = order.apply(canceled, Timestamp::default()).unwrap();
    assert_eq!(order.network_fees, FEE);
    let entry = Entry::of_step(&order, &event, None).unwrap();
    assert_eq!(
        told(&entry),
        [(PostingKind::Release, usdc().mint(), 1_000), (PostingKind::Release, Token::SOL.mint(), 10_000)]
    );
}

#[test]
fn a_fee_of_the_token_received_is_a_part_of_what_would_have_been_received() {
    let (order, _) = new_order(spec(usdc(), Token::SOL, Some(funding(1_000, 0))));
    let spent = TokenAmount::new(usdc(), Amount(1_000));
    let sol = |units| TokenAmount::new(Token::SOL, Amount(units));
    let fill = Fill { network_fee: None, ..fill(spent, sol(97), sol(3)) };
    let (order, event) = after_submission(&order, confirmed(fill));
    let entry = Entry::of_step(&order, &event, None).unwrap();
    let (usdc, sol) = (usdc().mint(), Token::SOL.mint());
    assert_eq!(
        told(&entry),
        [
            (PostingKind::Release, usdc, 1_000),
            (PostingKind::SwapIn, usdc, 1_000),
            (PostingKind::SwapOut, sol, 100),
            (PostingKind::VenueFee, sol, 3),
        ]
    );
}

#[test]
fn most_steps_and_orders_without_a_wallet_leave_the_books_alone() {
    let (mut order, _) = new_order(spec(usdc(), Token::SOL, Some(funding(1_000, 15_000))));
    let event = order.apply(EventData::RoutingStarted, Timestamp::default()).unwrap();
    assert_eq!(Entry::of_step(&order, &event, None), None);
    let (mut order, accepted) = new_order(spec(usdc(), Token::SOL, None));
    assert_eq!(Entry::of_step(&order, &accepted, None), None);
    let event = order.apply(EventData::RoutingStarted, Timestamp::default()).unwrap();
    assert_eq!(Entry::of_step(&order, &event, None), None);
    let (order, event) = after_submission(&order, EventData::Failed { failure: reverted() });
    assert_eq!(Entry::of_step(&order, &event, Some(FEE)), None);
}

#[test]
fn what_is_missing_is_said_of_each_token_and_nothing_is_changed() {
    let (usdc, sol) = (usdc().mint(), Token::SOL.mint());
    let (order, accepted) = new_order(spec(self::usdc(), Token::SOL, Some(funding(1_000, 15_000))));
    let entry = Entry::of_step(&order, &accepted, None).unwrap();
    let mut sheet = has(&[(usdc, 999)]);
    let short = |mint, needed, free| Shortage { mint, needed: Amount(needed), free: Amount(free) };
    let mut missing = vec![short(usdc, 1_000, 999), short(sol, 15_000, 0)];
    missing.sort_by_key(|shortage| shortage.mint);
    assert_eq!(sheet.apply(&entry), Err(Refusal::Short(missing)));
    assert_eq!(balance(&sheet, usdc), (999, 0));
    let full = has(&[(usdc, Balance::MAX)]);
    let posting = Posting::new(PostingKind::Deposit, usdc, Amount(1));
    let deposit = Entry { postings: vec![posting], ..entry };
    assert_eq!(full.clone().apply(&deposit), Err(Refusal::TooMuch(usdc)));
}

/// A history of orders on one wallet, each with its retries and how it ended.
fn any_order() -> impl Strategy<Value = (u64, u64, u8, u8, bool)> {
    (1u64..2_000, 0u64..20_000, 0u8..3, 0u8..3, any::<bool>())
}

proptest! {
    #[test]
    fn nothing_stays_held_and_nothing_comes_from_nowhere(
        orders in prop::collection::vec(any_order(), 1..20),
        sells_sol: bool,
    ) {
        let (usdc, sol) = (usdc().mint(), Token::SOL.mint());
        let (token_in, token_out) = if sells_sol { (Token::SOL, self::usdc()) } else { (self::usdc(), Token::SOL) };
        let mut sheet = has(&[(usdc, 10_000), (sol, 60_000)]);
        let mut entries = Vec::new();
        for (spent, received, retries, end, has_fee) in orders {
            let (mut order, accepted) = new_order(spec(token_in, token_out, Some(funding(spent, 15_000))));
            let held = Entry::of_step(&order, &accepted, None).unwrap();
            if sheet.apply(&held).is_err() {
                continue;
            }
            entries.push(held);
            let mut event;
            for _ in 0..retries {
                (order, event) = after_submission(&order, retrying());
                let entry = Entry::of_step(&order, &event, Some(FEE)).unwrap();
                prop_assert_eq!(sheet.apply(&entry), Ok(()));
                entries.push(entry);
            }
            let fee = TokenAmount::new(token_in, Amount(if has_fee { spent / 7 } else { 0 }));
            let fill = fill(TokenAmount::new(token_in, Amount(spent)), TokenAmount::new(token_out, Amount(received)), fee);
            let (data, charged) = match end {
                0 => (confirmed(fill), Some(FEE)),
                1 => (EventData::Failed { failure: reverted() }, Some(FEE)),
                _ => (EventData::Expired { expires_at: Timestamp::default(), failure: None }, None),
            };
            (order, event) = after_submission(&order, data);
            let entry = Entry::of_step(&order, &event, charged).unwrap();
            prop_assert_eq!(sheet.apply(&entry), Ok(()));
            entries.push(entry);
        }
        for mint in [usdc, sol] {
            let mut sides = std::collections::BTreeMap::<Side, i128>::new();
            for posting in entries.iter().flat_map(|entry| &entry.postings).filter(|posting| posting.mint == mint) {
                let (from, to) = posting.kind.sides();
                *sides.entry(from).or_default() -= i128::from(posting.units.0);
                *sides.entry(to).or_default() += i128::from(posting.units.0);
            }
            prop_assert_eq!(sides.values().sum::<i128>(), 0);
            prop_assert_eq!(sides.get(&Side::Held).copied().unwrap_or_default(), 0);
            prop_assert_eq!(balance(&sheet, mint).1, 0);
            let began = if mint == usdc { 10_000 } else { 60_000 };
            let free = sides.get(&Side::Free).copied().unwrap_or_default();
            prop_assert_eq!(i128::from(balance(&sheet, mint).0), began + free);
        }
    }
}

#[test]
fn every_kind_has_a_name_and_moves_an_amount_between_two_sides() {
    for kind in PostingKind::VARIANTS {
        let (from, to) = kind.sides();
        assert!(from != to && !kind.as_str().is_empty(), "{kind:?}");
    }
}
