use std::collections::BTreeMap;

use crate::{
    AccountId, FailureCode, Order, OrderId, OrderStatus, Phase, QuoteRequest, Signature, Timestamp, Token,
    VenueId, books::WalletId,
};

/// Which orders to list, and how. What is `None` selects nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFilter {
    pub status: Option<OrderStatus>,
    pub phase: Option<Phase>,
    /// Only [parked](super::PARKED_AFTER) orders.
    pub parked: bool,
    pub tag: Option<String>,
    /// Orders that trade from this wallet.
    pub wallet: Option<WalletId>,
    pub client_order_id: Option<String>,
    pub token_in: Option<Token>,
    pub token_out: Option<Token>,
    /// Orders that spend or receive this token.
    pub token: Option<Token>,
    /// Orders between these two tokens, in either direction.
    pub pair: Option<[Token; 2]>,
    /// The venue of the fill, or else of the last failure.
    pub venue: Option<VenueId>,
    /// The code of the last failure.
    pub failure: Option<FailureCode>,
    /// An order with an attempt of this signature.
    pub signature: Option<Signature>,
    /// Only these orders.
    pub ids: Option<Vec<OrderId>>,
    /// Orders whose id ends in these hexadecimal digits, in lower case and without hyphens.
    pub id_end: Option<String>,
    /// Orders whose client order id or tag is this.
    pub label: Option<String>,
    /// Orders accepted from this time on, by the milliseconds of their ids.
    pub from: Option<Timestamp>,
    /// Orders accepted before this time, by the milliseconds of their ids.
    pub to: Option<Timestamp>,
    pub sort: OrderSort,
    pub descending: bool,
    /// Only orders that come after this one, if they are listed in the order of acceptance.
    pub cursor: Option<OrderId>,
    /// The most orders to return.
    pub limit: u32,
}

/// What orders are listed by. Ties are broken by their ids.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "camelCase")]
pub enum OrderSort {
    /// Acceptance. The only one that is paged.
    #[default]
    CreatedAt,
    UpdatedAt,
    Attempt,
    /// From acceptance to the last change.
    Duration,
}

/// How many orders a search looks at before it gives a page, however few it has found: no index knows what it is looking
/// for. An order that is sorted otherwise than by acceptance is among the first so many.
pub const SEARCHED_AT_ONCE: u32 = 50_000;

/// A page of orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderPage {
    pub orders: Vec<Order>,
    /// The cursor of the next page. There may be one after an empty page: the search has not come to its end.
    pub next: Option<OrderId>,
}

impl OrderFilter {
    /// The newest orders, whatever their status.
    pub fn newest(limit: u32) -> Self {
        Self {
            status: None,
            phase: None,
            parked: false,
            tag: None,
            wallet: None,
            client_order_id: None,
            token_in: None,
            token_out: None,
            token: None,
            pair: None,
            venue: None,
            failure: None,
            signature: None,
            ids: None,
            id_end: None,
            label: None,
            from: None,
            to: None,
            sort: OrderSort::CreatedAt,
            descending: true,
            cursor: None,
            limit,
        }
    }

    /// Whether only orders that have not ended are listed.
    pub fn is_active(&self) -> bool {
        let phase = self.status.map(OrderStatus::phase).or(self.phase);
        phase.is_some_and(|phase| phase != Phase::Terminal)
    }

    /// Whether orders are looked for that no index finds, or sorted by something that none knows. Then
    /// [`SEARCHED_AT_ONCE`] bounds the search. Orders that have not ended are few, and looked through without a bound.
    pub fn is_search(&self, account: AccountId) -> bool {
        if self.parked || self.is_active() {
            return false;
        }
        self.sort != OrderSort::CreatedAt
            || self.venue.is_some()
            || self.failure.is_some()
            || self.id_end.is_some()
            || self.label.is_some()
            || self.pair.is_some()
            || self.wallet == Some(WalletId::default_of(account))
            || [self.token_in, self.token_out, self.token].iter().any(Option::is_some)
    }

    /// The ids from which and before which orders are listed.
    pub fn bounds(&self) -> (Option<OrderId>, Option<OrderId>) {
        (self.from.map(OrderId::first_at), self.to.map(OrderId::first_at))
    }

    /// Whether an order is among those that are listed, disregarding `parked`, `signature` and `cursor`.
    pub fn selects(&self, order: &Order) -> bool {
        fn matches<T: PartialEq>(wanted: Option<&T>, actual: Option<&T>) -> bool {
            wanted.is_none() || wanted == actual
        }
        let QuoteRequest { token_in, token_out, .. } = &order.spec.request;
        let venue = order.fill.as_ref().map(|fill| fill.venue);
        let venue = venue.or(order.failure.as_ref().and_then(|failure| failure.venue));
        let (from, to) = self.bounds();
        matches(self.status.as_ref(), Some(&order.status))
            && matches(self.phase.as_ref(), Some(&order.status.phase()))
            && matches(self.tag.as_ref(), order.spec.tag.as_ref())
            && matches(self.wallet.as_ref(), order.spec.funding.map(|funding| funding.wallet).as_ref())
            && matches(self.client_order_id.as_ref(), order.client_order_id.as_ref())
            && matches(self.token_in.as_ref(), Some(token_in))
            && matches(self.token_out.as_ref(), Some(token_out))
            && self.token.is_none_or(|token| token == *token_in || token == *token_out)
            && self.pair.is_none_or(|[one, other]| {
                [one, other] == [*token_in, *token_out] || [other, one] == [*token_in, *token_out]
            })
            && matches(self.venue.as_ref(), venue.as_ref())
            && matches(self.failure.as_ref(), order.failure.as_ref().map(|failure| &failure.code))
            && self.ids.as_ref().is_none_or(|ids| ids.contains(&order.id))
            && self.id_end.as_ref().is_none_or(|end| order.id.0.simple().to_string().ends_with(end))
            && self.label.as_ref().is_none_or(|label| {
                [&order.client_order_id, &order.spec.tag].into_iter().flatten().any(|given| given == label)
            })
            && from.is_none_or(|from| order.id >= from)
            && to.is_none_or(|to| order.id < to)
    }
}

/// How many orders have not ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActiveOrders {
    pub by_status: BTreeMap<OrderStatus, u32>,
    /// Those that were put aside because five claims in a row were lost.
    pub parked: u32,
    /// Those that are claimed, by the name of the worker. A dead worker keeps its claims until another one takes them.
    pub by_worker: BTreeMap<String, u32>,
}

impl ActiveOrders {
    /// Counts an order.
    pub fn add(&mut self, status: OrderStatus, worker: Option<String>, is_parked: bool, count: u32) {
        *self.by_status.entry(status).or_default() += count;
        self.parked += if is_parked { count } else { 0 };
        if let Some(worker) = worker {
            *self.by_worker.entry(worker).or_default() += count;
        }
    }

    /// All of them.
    pub fn total(&self) -> u32 {
        self.by_status.values().sum()
    }

    /// Those in one phase.
    pub fn in_phase(&self, phase: Phase) -> u32 {
        self.by_status.iter().filter(|(status, _)| status.phase() == phase).map(|(_, count)| count).sum()
    }

    /// Those in one status.
    pub fn with(&self, status: OrderStatus) -> u32 {
        self.by_status.get(&status).copied().unwrap_or_default()
    }
}

/// An order that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DueOrder {
    pub id: OrderId,
    /// What to do with it.
    pub action: DueAction,
}

/// What to do with a due order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DueAction {
    /// It is in flight: a worker executes it.
    Execute,
    /// It rests: the sweeper checks whether it has expired. That takes no worker's slot.
    Inspect,
}

impl DueAction {
    /// What to do with a due order in this status.
    pub fn of(status: OrderStatus) -> Self {
        match status.phase() {
            Phase::Resting => Self::Inspect,
            Phase::InFlight | Phase::Terminal => Self::Execute,
        }
    }
}
