//! Lists and counts of orders.

use std::time::Duration;

use domain::{
    AccountId, Amount, EventData, Failure, FailureCode, Order, OrderId, OrderSpec, OrderStatus, Phase,
    Timestamp, Token, VenueId,
    books::{Funding, Payment, WalletId},
    ports::{
        Acceptance, Accepted, ActiveOrders, AttemptState, ClaimAction, CommitOutcome, OrderFilter, OrderPage,
        OrderSort, OrderStore,
    },
};

use super::{LONG, accepted, claimed, step, submit};
use crate::samples;

pub(super) async fn check(store: &dyn OrderStore) {
    listings_page_and_belong_to_an_account(store).await;
    listings_by_tag_find_the_orders_of_that_tag_alone(store).await;
    listings_by_wallet_find_its_orders_alone(store).await;
    listings_are_searched_and_sorted_by_what_orders_trade_and_became(store).await;
    orders_in_flight_are_counted_up_to_a_bound(store).await;
}

async fn listings_page_and_belong_to_an_account(store: &dyn OrderStore) {
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(accepted(store, LONG).await.id);
    }
    ids.sort_unstable();
    let pending = OrderFilter { status: Some(OrderStatus::Pending), ..OrderFilter::newest(2) };
    for descending in [false, true] {
        let mut seen = Vec::new();
        let mut filter = OrderFilter { descending, ..pending.clone() };
        loop {
            let page = store.orders(AccountId::DEFAULT, filter.clone()).await.unwrap();
            assert!(page.orders.len() <= 2 && !page.orders.is_empty());
            seen.extend(page.orders.iter().map(|order| order.id).filter(|id| ids.contains(id)));
            filter.cursor = page.next;
            if page.next.is_none() {
                break;
            }
        }
        assert_eq!(seen, ids, "in their order, each once");
        ids.reverse();
    }
    let stranger = samples::account_id();
    let id = ids[0];
    assert_eq!(store.order(stranger, id).await.unwrap(), None);
    assert_eq!(store.events(stranger, id, 0, 10).await.unwrap(), []);
    assert_eq!(store.attempts(stranger, id).await.unwrap(), []);
    let all = OrderFilter::newest(10);
    assert_eq!(store.orders(stranger, all).await.unwrap(), OrderPage::default());
}

async fn listings_by_tag_find_the_orders_of_that_tag_alone(store: &dyn OrderStore) {
    let tag = samples::order_id().to_string();
    let mut tagged = Vec::new();
    for tag in [Some(&tag), None, Some(&tag), Some(&format!("{tag}x"))] {
        let mut asked = samples::acceptance();
        asked.order.spec.tag = tag.cloned();
        let id = asked.order.id;
        store.accept(asked).await.unwrap();
        tagged.push(id);
    }
    let expected = [tagged[2], tagged[0]];
    for status in [None, Some(OrderStatus::Pending)] {
        let filter = OrderFilter { status, tag: Some(tag.clone()), ..OrderFilter::newest(10) };
        assert_eq!(found(store, filter.clone()).await, expected);
        let next = OrderFilter { cursor: Some(expected[0]), limit: 1, ..filter };
        assert_eq!(found(store, next).await, expected[1..]);
    }
}

async fn listings_by_wallet_find_its_orders_alone(store: &dyn OrderStore) {
    let mut wallets = Vec::new();
    for _ in 0..2 {
        let wallet = samples::wallet(WalletId(samples::order_id().0));
        wallets.push(wallet.id);
        let opening = vec![Payment { mint: Token::SOL.mint(), units: Amount(100), worth: None }];
        store.open_wallet(wallet, opening).await.unwrap();
    }
    let tag = samples::order_id().to_string();
    let mut ids = Vec::new();
    for wallet in [Some(wallets[0]), None, Some(wallets[1]), Some(wallets[0])] {
        let sample = samples::acceptance();
        let funding =
            wallet.map(|wallet| Funding { wallet, swap: Amount(7), costs: Amount(1), rent: Amount(0) });
        let spec = OrderSpec { funding, tag: Some(tag.clone()), ..sample.order.spec };
        let (order, event) =
            Order::accept(sample.order.id, AccountId::DEFAULT, None, spec, sample.order.created_at);
        ids.push(order.id);
        assert_eq!(store.accept(Acceptance { order, event, ..sample }).await.unwrap(), Accepted::Created);
    }
    let of_first = || OrderFilter { wallet: Some(wallets[0]), ..OrderFilter::newest(10) };
    for filter in [
        of_first(),
        OrderFilter { status: Some(OrderStatus::Pending), ..of_first() },
        OrderFilter { tag: Some(tag.clone()), ..of_first() },
        OrderFilter { phase: Some(Phase::InFlight), tag: Some(tag.clone()), ..of_first() },
        OrderFilter { token: Some(Token::SOL), ..of_first() },
    ] {
        assert_eq!(found(store, filter.clone()).await, [ids[3], ids[0]], "{filter:?}");
    }
    let next = OrderFilter { cursor: Some(ids[3]), limit: 1, ..of_first() };
    assert_eq!(found(store, next).await, [ids[0]]);
    let failed = OrderFilter { status: Some(OrderStatus::Failed), ..of_first() };
    assert_eq!(found(store, failed).await, []);
    let unknown = OrderFilter { wallet: Some(WalletId(samples::order_id().0)), ..of_first() };
    assert_eq!(found(store, unknown).await, []);
}

async fn found(store: &dyn OrderStore, filter: OrderFilter) -> Vec<OrderId> {
    let page = store.orders(AccountId::DEFAULT, filter).await.unwrap();
    page.orders.iter().map(|order| order.id).collect()
}

async fn listings_are_searched_and_sorted_by_what_orders_trade_and_became(store: &dyn OrderStore) {
    let token = |symbol| Token::well_known(symbol).unwrap();
    let (sol, usdc, jup) = (Token::SOL, token("USDC"), token("JUP"));
    let tag = samples::order_id().to_string();
    let mut ids = Vec::new();
    for (token_in, token_out) in [(sol, usdc), (usdc, sol), (jup, sol), (sol, usdc)] {
        let mut asked = samples::acceptance();
        let spec = &mut asked.order.spec;
        (spec.tag, spec.request.token_in, spec.request.token_out) = (Some(tag.clone()), token_in, token_out);
        asked.order.client_order_id = Some(format!("{tag}-{}", ids.len()));
        asked.event.data = EventData::Accepted { order: spec.clone(), origin: None };
        ids.push(asked.order.id);
        assert_eq!(store.accept(asked).await.unwrap(), Accepted::Created);
    }
    let [sell, buy, other, last] = ids[..] else { unreachable!("four orders") };
    let mut failed = store.claim(other, "worker", LONG).await.unwrap().expect("a new order can be claimed");
    let failure = Failure::at(VenueId::METEORA, FailureCode::SlippageExceeded, "moved");
    let (attempt, submission) = submit(&mut failed);
    store.commit(submission).await.unwrap();
    let change = Some(samples::resolve(&attempt, AttemptState::Reverted));
    let finish =
        step(&mut failed, vec![EventData::Failed { failure: failure.clone() }], change, ClaimAction::Finish);
    assert_eq!(store.commit(finish).await.unwrap(), CommitOutcome::Committed);
    let mut confirmed = store.claim(last, "worker", LONG).await.unwrap().expect("a new order can be claimed");
    let (attempt, submission) = submit(&mut confirmed);
    store.commit(submission).await.unwrap();
    let change = Some(samples::resolve(&attempt, AttemptState::Landed));
    let steps = vec![samples::confirmed(&attempt)];
    let venue = attempt.venue;
    store.commit(step(&mut confirmed, steps, change, ClaimAction::Finish)).await.unwrap();

    let mine = || OrderFilter { tag: Some(tag.clone()), ..OrderFilter::newest(10) };
    for (filter, expected) in [
        (OrderFilter { token_in: Some(sol), ..mine() }, vec![last, sell]),
        (OrderFilter { token_out: Some(sol), ..mine() }, vec![other, buy]),
        (OrderFilter { token: Some(usdc), ..mine() }, vec![last, buy, sell]),
        (OrderFilter { token: Some(jup), ..mine() }, vec![other]),
        (OrderFilter { pair: Some([usdc, sol]), ..mine() }, vec![last, buy, sell]),
        (OrderFilter { pair: Some([usdc, jup]), ..mine() }, vec![]),
        (OrderFilter { failure: Some(FailureCode::SlippageExceeded), ..mine() }, vec![other]),
        (OrderFilter { failure: Some(FailureCode::NoRoute), ..mine() }, vec![]),
        (
            OrderFilter { venue: Some(venue), failure: None, status: Some(OrderStatus::Confirmed), ..mine() },
            vec![last],
        ),
        (
            OrderFilter { venue: Some(VenueId::METEORA), status: Some(OrderStatus::Failed), ..mine() },
            vec![other],
        ),
        (OrderFilter { client_order_id: Some(format!("{tag}-1")), ..OrderFilter::newest(10) }, vec![buy]),
        (OrderFilter { client_order_id: Some(tag.clone()), ..OrderFilter::newest(10) }, vec![]),
        (OrderFilter { signature: Some(attempt.transaction.signature.clone()), ..mine() }, vec![last]),
        (OrderFilter { ids: Some(vec![buy, last]), ..mine() }, vec![last, buy]),
        (OrderFilter { ids: Some(Vec::new()), ..mine() }, vec![]),
        (OrderFilter { id_end: Some(sell.0.simple().to_string()[20..].to_owned()), ..mine() }, vec![sell]),
        (OrderFilter { label: Some(format!("{tag}-2")), ..OrderFilter::newest(10) }, vec![other]),
        (OrderFilter { label: Some(tag.clone()), ..OrderFilter::newest(10) }, vec![last, other, buy, sell]),
        (OrderFilter { descending: false, token: Some(sol), ..mine() }, vec![sell, buy, other, last]),
        (OrderFilter { sort: OrderSort::Attempt, limit: 2, ..mine() }, vec![last, other]),
        (OrderFilter { sort: OrderSort::Attempt, descending: false, ..mine() }, vec![sell, buy, other, last]),
    ] {
        assert_eq!(found(store, filter.clone()).await, expected, "{filter:?}");
    }
    sorted_and_bounded_in_time(store, &mine, [sell, buy, other, last]).await;
}

/// `last` and `other` have moved on after all were accepted.
async fn sorted_and_bounded_in_time(
    store: &dyn OrderStore,
    mine: &impl Fn() -> OrderFilter,
    [sell, buy, other, last]: [OrderId; 4],
) {
    for sort in [OrderSort::UpdatedAt, OrderSort::Duration] {
        let sorted = found(store, OrderFilter { sort, ..mine() }).await;
        assert_eq!(sorted.len(), 4);
        assert!(sorted[..2].contains(&last) && sorted[..2].contains(&other), "what has moved on is on top");
    }
    let at = |id: OrderId| Timestamp::from_unix_millis(i64::try_from(id.0.as_u128() >> 80).unwrap());
    let within =
        OrderFilter { from: Some(at(sell)), to: Some(at(last) + Duration::from_millis(1)), ..mine() };
    assert_eq!(found(store, within).await.len(), 4);
    assert_eq!(found(store, OrderFilter { to: Some(at(sell)), ..mine() }).await, []);
    let paged = OrderFilter { token: Some(Token::SOL), limit: 3, ..mine() };
    let first = store.orders(AccountId::DEFAULT, paged.clone()).await.unwrap();
    assert_eq!((first.orders.len(), first.next), (3, Some(buy)));
    let rest = store.orders(AccountId::DEFAULT, OrderFilter { cursor: first.next, ..paged }).await.unwrap();
    assert_eq!((rest.orders.len(), rest.orders[0].id, rest.next), (1, sell, None));
}

async fn orders_in_flight_are_counted_up_to_a_bound(store: &dyn OrderStore) {
    let before = store.in_flight(u32::MAX).await.unwrap();
    let earlier = store.active_by_status(u32::MAX).await.unwrap();
    let pending = earlier.with(OrderStatus::Pending);
    let mut executing = claimed(store, LONG).await;
    accepted(store, LONG).await;
    let now = store.active_by_status(u32::MAX).await.unwrap();
    let claims = |active: &ActiveOrders| active.by_worker.get("worker").copied().unwrap_or_default();
    assert_eq!((claims(&now), now.parked), (claims(&earlier) + 1, earlier.parked));
    assert_eq!((now.total(), now.with(OrderStatus::Pending)), (before + 2, pending + 2));
    assert_eq!(store.in_flight(u32::MAX).await.unwrap(), before + 2);
    let failed = vec![EventData::RoutingStarted, EventData::Failed { failure: samples::failure() }];
    let finish = step(&mut executing, failed, None, ClaimAction::Finish);
    assert_eq!(store.commit(finish).await.unwrap(), CommitOutcome::Committed);
    let now = store.active_by_status(u32::MAX).await.unwrap();
    assert_eq!((now.total(), now.with(OrderStatus::Failed)), (before + 1, 0));
    assert_eq!(store.in_flight(u32::MAX).await.unwrap(), before + 1);
    for bound in [0, 1] {
        assert_eq!(store.in_flight(bound).await.unwrap(), bound);
        assert_eq!(store.active_by_status(bound).await.unwrap().total(), bound);
    }
}
