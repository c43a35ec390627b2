use domain::{
    AccountId, Event, Mint, Order, OrderId, OrderStatus,
    books::{self, Balance, Wallet, WalletId},
    ports::{Attempt, StoreError, Wallets},
};
use protocol::CancelOutcome;
use serde_json::Value;
use venues::simulated::transaction_log::Entry;

/// All that a run leaves behind, taken once the faults are over and nothing moves any more.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Attempts an order gets in all.
    pub max_attempts: u32,
    /// What clients requested and received.
    pub requests: Vec<RequestRecord>,
    pub follows: Vec<FollowRecord>,
    /// What clients saw of all orders.
    pub feeds: Vec<FeedRecord>,
    pub orders: Vec<OrderRecord>,
    pub transactions: Vec<Entry>,
    pub wallets: Vec<WalletRecord>,
    /// What should have been cleaned up and was not, in words.
    pub leftovers: Vec<String>,
}

/// One order that a client wanted, over all times it asked for it.
#[derive(Debug, Clone)]
pub struct RequestRecord {
    /// What made them the same request: each of them carried it as its idempotency key, as its
    /// client order id, or as both.
    pub key: String,
    /// The answers that arrived, in the order they came; a lost one leaves no trace.
    pub replies: Vec<Reply>,
    /// What was answered when the client canceled the order, if it did and an answer arrived.
    pub cancel: Option<CancelOutcome>,
}

/// An answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// The order is durable.
    Acknowledged(OrderId),
    /// It was refused before anything was kept.
    Refused,
    /// The wallet had too little for it; nothing was kept.
    Short,
}

/// What one client saw of one order over all its connections, each resuming after the last.
#[derive(Debug, Clone)]
pub struct FollowRecord {
    pub order_id: OrderId,
    /// The event messages, as they came.
    pub events: Vec<Value>,
    pub connections: u32,
    /// Whether the stream ended after the order's last event.
    pub has_ended: bool,
}

/// What one client saw of all orders, from before the first to after the last, over all its
/// connections, each resuming after the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRecord {
    /// Which order, the sequence number and the status of every event, as they came.
    pub events: Vec<(OrderId, u32, OrderStatus)>,
    pub connections: u32,
    /// Why the last connection failed that did, in words: a cursor that is refused, or a server that was away.
    pub last_error: Option<String>,
}

/// One wallet as it is stored.
#[derive(Debug, Clone)]
pub struct WalletRecord {
    pub id: WalletId,
    pub balances: Vec<(Mint, Balance)>,
    /// All its entries, in their order.
    pub entries: Vec<books::Entry>,
}

impl WalletRecord {
    /// Reads all wallets of an account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(store: &dyn Wallets, account: AccountId) -> Result<Vec<Self>, StoreError> {
        let mut records = Vec::new();
        for Wallet { id, .. } in store.wallets(account).await? {
            let (mut entries, mut before) = (Vec::new(), None);
            loop {
                let page = store.entries(id, before, ENTRIES).await?;
                let Some(last) = page.last() else { break };
                before = Some(last.position);
                entries.extend(page.into_iter().map(|posted| posted.entry));
            }
            entries.reverse();
            records.push(Self { id, balances: store.balances(id).await?, entries });
        }
        Ok(records)
    }
}

/// Entries of one page.
const ENTRIES: u32 = 5_000;

/// One order as it is stored.
#[derive(Debug, Clone)]
pub struct OrderRecord {
    /// The idempotency key it was made under; its client order id is in the row.
    pub key: Option<String>,
    pub order: Order,
    /// Its events, in order.
    pub events: Vec<Event>,
    /// The same events as clients received them; left out for an order without followers.
    pub shown: Option<Vec<Value>>,
    /// Its attempts, in order.
    pub attempts: Vec<Attempt>,
}
