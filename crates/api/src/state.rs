//! The state shared by all requests.

use std::{
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{
    AccountId, Order, OrderId, OrderIds, Timestamp,
    ports::{
        ChainCosts, Clock, EventBus, JobQueue, Market, OrderFilter, OrderPage, OrderStore, PriceHistory,
        Quotes, StoreError, Tokens, Venue,
    },
};
use protocol::MarketView;
use rand::Rng;
use tokio::{
    sync::{Mutex as AsyncMutex, Semaphore},
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    about::About,
    access::Access,
    admission::Admission,
    config::Limits,
    prices::Ticker,
    problem::Problem,
    statistics::Statistics,
    stream::{FeedLag, Hub, Tail},
    validation::OrderRequest,
    wallets::{earnings::Earnings, known::KnownWallets, prices::Prices},
};

/// Between two pages of an export or a summary.
const BETWEEN_PAGES: Duration = Duration::from_millis(5);

/// Everything that the API depends on.
pub struct Backends {
    pub store: Arc<dyn OrderStore>,
    pub queue: Arc<dyn JobQueue>,
    pub bus: Arc<dyn EventBus>,
    pub quotes: Quotes,
    pub prices: Arc<dyn PriceHistory>,
    pub clock: Arc<dyn Clock>,
    pub rng: Box<dyn Rng + Send>,
}

/// The state of the API, shared by all requests. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

/// What [`AppState`] shares.
pub struct Inner {
    pub(crate) store: Arc<dyn OrderStore>,
    pub(crate) queue: Arc<dyn JobQueue>,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) venues: Vec<Arc<dyn Venue>>,
    pub(crate) tokens: Arc<dyn Tokens>,
    pub(crate) trades_on: Market,
    /// What an attempt costs at most, lamports.
    pub(crate) costs: ChainCosts,
    pub(crate) wallets: KnownWallets,
    pub(crate) earnings: Earnings,
    /// What the balances of wallets are valued by.
    pub(crate) wallet_prices: Prices,
    /// What orders trade on, as clients are shown it.
    pub(crate) market: MarketView,
    pub(crate) about: About,
    pub(crate) started_at: Timestamp,
    pub(crate) clock: Arc<dyn Clock>,
    ids: Mutex<(OrderIds, Box<dyn Rng + Send>)>,
    /// The account of every request: there is one until accounts have keys.
    pub(crate) account: AccountId,
    pub(crate) limits: Limits,
    pub(crate) access: Arc<Access>,
    pub(crate) admission: Admission,
    pub(crate) hub: Arc<Hub>,
    pub(crate) feed: Arc<Tail>,
    pub(crate) statistics: Arc<Statistics>,
    pub(crate) ticker: Arc<Ticker>,
    /// How far the feed is behind what is committed.
    pub(crate) lag: Arc<FeedLag>,
    /// One permit per stream.
    pub(crate) streams: Arc<Semaphore>,
    /// One permit per export.
    pub(crate) exports: Arc<Semaphore>,
    /// One permit per page of orders that is read for an export or a summary.
    scans: Semaphore,
    /// One permit per push under way.
    pub(crate) pushes: Arc<Semaphore>,
    /// When `/metrics` last counted orders.
    pub(crate) orders_counted: AsyncMutex<Option<Instant>>,
    /// What must end before the process does.
    pub(crate) tasks: TaskTracker,
    /// Cancelled once streams are to close.
    pub(crate) stopping: CancellationToken,
}

impl Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl AppState {
    /// The state over these backends. Addresses in replies begin with the public URL, and follow the
    /// request's `Host` without one.
    pub fn new(backends: Backends, limits: Limits, access: Access, about: About) -> Self {
        let Backends { store, queue, bus, quotes, prices, clock, rng } = backends;
        let Quotes { market, venues, tokens, costs } = quotes;
        let account = AccountId::DEFAULT;
        let feed = Arc::new(Tail::new(store.clone(), tokens.clone(), account, limits.tail_check_every));
        let unfinished = limits.max_in_flight.saturating_add(limits.max_resting) as usize;
        let statistics = Statistics::new(store.clone(), clock.clone(), account, unfinished);
        let statistics = Arc::new(statistics);
        let ticker = Ticker::new(venues.clone(), tokens.clone(), clock.clone(), prices, &limits);
        Self(Arc::new(Inner {
            admission: Admission::new(limits.max_in_flight, limits.max_resting, limits.max_accepts),
            hub: Arc::new(Hub::new(
                store.clone(),
                tokens.clone(),
                bus.clone(),
                limits.tail_check_every,
                feed.clone(),
                statistics.clone(),
            )),
            feed,
            statistics,
            ticker: Arc::new(ticker),
            lag: Arc::new(FeedLag::new(limits.max_lag)),
            streams: Arc::new(Semaphore::new(limits.max_streams)),
            exports: Arc::new(Semaphore::new(limits.max_exports)),
            scans: Semaphore::new(limits.max_scans),
            pushes: Arc::new(Semaphore::new(limits.max_pushes)),
            ids: Mutex::new((OrderIds::default(), rng)),
            account,
            orders_counted: AsyncMutex::new(None),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            started_at: clock.now(),
            about,
            store,
            queue,
            bus,
            venues,
            tokens,
            market: MarketView::new(&market, limits.max_slippage, costs),
            trades_on: market,
            costs,
            wallets: KnownWallets::default(),
            earnings: Earnings::default(),
            wallet_prices: Prices::default(),
            clock,
            limits,
            access: Arc::new(access),
        }))
    }
}

impl Inner {
    /// A new id: of an order, or of a request. `now` is the time in it.
    pub(crate) fn next_id(&self, now: Timestamp) -> OrderId {
        // a panic elsewhere leaves the generator intact, so poisoning is ignored
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let (ids, rng) = &mut *ids;
        ids.next(now, rng.as_mut())
    }

    /// Makes new ids greater than those of all stored orders, also after the wall clock was set back.
    ///
    /// # Errors
    /// [`StoreError`] when the newest order cannot be read.
    pub(crate) async fn continue_ids(&self) -> Result<(), StoreError> {
        let newest = OrderFilter::newest(1);
        let newest = self.store.orders(self.account, newest).await?;
        if let Some(order) = newest.orders.first() {
            self.ids.lock().unwrap_or_else(PoisonError::into_inner).0.follow(order.id);
        }
        Ok(())
    }

    /// Reads the body of an order, in the canonical or any compatible form.
    ///
    /// # Errors
    /// The problem of a body that is not a valid order.
    pub(crate) async fn parse_order(&self, body: &[u8]) -> Result<OrderRequest, Problem> {
        OrderRequest::parse(body, self.tokens.as_ref(), self.limits.max_slippage).await
    }

    /// How many streams are open.
    pub(crate) fn open_streams(&self) -> usize {
        self.limits.max_streams - self.streams.available_permits()
    }

    /// An order of the caller's account.
    ///
    /// # Errors
    /// When there is no such order, or the store does not answer.
    pub(crate) async fn find_order(&self, id: OrderId) -> Result<Order, Problem> {
        let order = self.answer(self.store.order(self.account, id)).await?;
        order.ok_or_else(|| Problem::order_not_found(id))
    }

    /// A page of orders for somebody who reads many of them. Only a few are read at once, with pauses between them: the
    /// store serves single orders first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn scan(&self, filter: OrderFilter) -> Result<OrderPage, StoreError> {
        let permit = self.scans.acquire().await;
        if filter.cursor.is_some() {
            sleep(BETWEEN_PAGES).await;
        }
        let page = self.store.orders(self.account, filter).await;
        drop(permit);
        page
    }

    /// Waits for the store, with a deadline.
    pub(crate) async fn answer<T>(
        &self,
        asked: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, Problem> {
        match timeout(self.limits.store_within, asked).await {
            Ok(answer) => answer.map_err(|error| Problem::store_unavailable(&error)),
            Err(_elapsed) => Err(Problem::store_unavailable(&StoreError::unknown("no answer in time"))),
        }
    }
}
