//! Prices of pairs: one ticker for each pair that somebody watches, and a history of those that are recorded.

mod quoted;
mod record;

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    Amount, Mint, Timestamp, Token, VenueId,
    books::WalletId,
    ports::{Candle, Clock, PriceHistory, PriceHistoryError, Tokens, Venue},
};
use futures::{FutureExt, StreamExt, stream};
use protocol::{PricesView, VenuePriceView};
use telemetry::Outage;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use self::{quoted::quote, record::Record};
use crate::config::Limits;

/// How often a pair that nobody watches is quoted for its history.
const RECORD_EVERY: Duration = Duration::from_secs(5);
/// How often what was recorded is written.
const WRITE_EVERY: Duration = Duration::from_secs(10);
/// How often candles that are too old are deleted.
const FORGET_EVERY: Duration = Duration::from_hours(1);
/// Pairs that are quoted at once.
const AT_ONCE: usize = 8;

/// A base and a quote token.
pub(crate) type Pair = [Token; 2];

/// What a pair cost at a moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) pair: Pair,
    pub(crate) at: Timestamp,
    /// The amount of the base token that was quoted.
    pub(crate) lot: Amount,
    pub(crate) venues: Vec<VenuePriceView>,
}

impl Tick {
    pub(crate) fn view(&self, tokens: &dyn Tokens) -> PricesView<'static> {
        let [base, _] = self.pair;
        PricesView {
            pair: name(self.pair, tokens).into(),
            at: self.at,
            lot: self.lot.to_decimal(base.decimals()),
            venues: self.venues.clone(),
        }
    }
}

/// The name of a pair, such as `SOL/USDC`.
pub(crate) fn name([base, quote]: Pair, tokens: &dyn Tokens) -> String {
    format!("{}/{}", tokens.symbol(base), tokens.symbol(quote))
}

/// Quotes pairs, for all clients of this process together.
pub(crate) struct Ticker {
    venues: Vec<Arc<dyn Venue>>,
    tokens: Arc<dyn Tokens>,
    clock: Arc<dyn Clock>,
    history: Arc<dyn PriceHistory>,
    every: Duration,
    quotes_within: Duration,
    keep: Duration,
    /// Names of the pairs whose history is recorded.
    recorded: Vec<String>,
    pairs: Mutex<BTreeMap<[Mint; 2], Ticked>>,
    record: Mutex<Record>,
    recording: Outage,
    reading: Outage,
}

/// A pair that is watched or recorded.
struct Ticked {
    pair: Pair,
    is_recorded: bool,
    latest: watch::Sender<Option<Arc<Tick>>>,
    quoted_at: Option<Instant>,
}

impl Ticker {
    pub(crate) fn new(
        venues: Vec<Arc<dyn Venue>>,
        tokens: Arc<dyn Tokens>,
        clock: Arc<dyn Clock>,
        history: Arc<dyn PriceHistory>,
        limits: &Limits,
    ) -> Self {
        Self {
            venues,
            tokens,
            clock,
            history,
            every: limits.price_every,
            quotes_within: limits.quotes_within,
            keep: limits.keep_prices,
            recorded: limits.price_pairs.clone(),
            pairs: Mutex::default(),
            record: Mutex::default(),
            recording: Outage::new("price history (recording)"),
            reading: Outage::new("price history (reading)"),
        }
    }

    /// The prices of a pair from now on: the newest one whenever the client is ready for it.
    pub(crate) fn watch(&self, pair: Pair) -> watch::Receiver<Option<Arc<Tick>>> {
        self.ticked(pair, false)
    }

    /// The prices of a pair now.
    pub(crate) async fn now(&self, pair: Pair) -> Arc<Tick> {
        let fresh = {
            let pairs = self.lock();
            let known = pairs.get(&pair.map(Token::mint));
            known.and_then(|known| {
                let is_fresh = known.quoted_at.is_some_and(|at| at.elapsed() < self.every);
                known.latest.borrow().clone().filter(|_| is_fresh)
            })
        };
        match fresh {
            Some(tick) => tick,
            None => Arc::new(self.quote(pair).await),
        }
    }

    /// The prices of a pair, requested again from every venue.
    pub(crate) async fn again(&self, pair: Pair) -> Tick {
        self.quote(pair).await
    }

    /// The history of a pair in candles of so many minutes, by venue, the oldest first. `from` and `to` must be the
    /// beginnings of candles.
    ///
    /// # Errors
    /// [`PriceHistoryError`], which is logged once for an outage.
    pub(crate) async fn candles(
        &self,
        pair: Pair,
        minutes: u32,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<VenueId, Vec<Candle>>, PriceHistoryError> {
        let mints = pair.map(Token::mint);
        // looked at first: what is written meanwhile is then seen twice, which changes nothing, rather than not at all
        let unwritten = self.record().of(mints, from, to);
        let stored = self.history.candles(mints, minutes, from, to).await;
        let stored = stored.inspect_err(|error| self.reading.failed(error))?;
        self.reading.over();
        let mut venues: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for candle in Candle::join(stored.into_iter().chain(unwritten), minutes) {
            venues.entry(candle.venue).or_default().push(candle);
        }
        Ok(venues)
    }

    /// Records what a wallet is worth at a time, base units of USDC. It is logged once if that fails.
    pub(crate) async fn record_worth(&self, wallet: WalletId, at: Timestamp, worth: Amount) {
        match self.history.record_worth(wallet, at, worth).await {
            Ok(()) => self.recording.over(),
            Err(error) => self.recording.failed(error),
        }
    }

    /// What a wallet was worth by minute from a time on, base units of USDC, the oldest first.
    ///
    /// # Errors
    /// [`PriceHistoryError`], which is logged once for an outage.
    pub(crate) async fn worths(
        &self,
        wallet: WalletId,
        from: Timestamp,
    ) -> Result<Vec<(Timestamp, Amount)>, PriceHistoryError> {
        let worths = self.history.worths(wallet, from).await;
        let worths = worths.inspect_err(|error| self.reading.failed(error))?;
        self.reading.over();
        Ok(worths)
    }

    /// Quotes and records until the process stops. A history that fails or hangs does not hold up the prices. What it has
    /// begun to write it ends: a call that is cut off may still open files, and no file is touched once this has ended.
    pub(crate) async fn run(&self, stopping: &CancellationToken) {
        for name in &self.recorded {
            if let Some(pair) = self.resolve(name).await {
                drop(self.ticked(pair, true));
            } else {
                tracing::warn!(pair = name, "not recorded: PRICE_PAIRS names a pair of unknown tokens");
            }
        }
        tokio::join!(stopping.run_until_cancelled(self.tick_all()), self.keep_history(stopping));
    }

    async fn tick_all(&self) {
        let mut ticks = interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            stream::iter(self.due()).for_each_concurrent(AT_ONCE, |pair| self.tick(pair)).await;
        }
    }

    async fn keep_history(&self, stopping: &CancellationToken) {
        let mut writes = interval(WRITE_EVERY);
        writes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut forgot_at = None::<Instant>;
        while stopping.run_until_cancelled(writes.tick()).await.is_some() {
            self.write().await;
            if forgot_at.is_none_or(|at| at.elapsed() >= FORGET_EVERY) {
                self.forget().await;
                forgot_at = Some(Instant::now());
            }
        }
    }

    /// The pairs to be quoted now. Those that are neither watched nor recorded are forgotten.
    fn due(&self) -> Vec<Pair> {
        let mut pairs = self.lock();
        pairs.retain(|_, ticked| ticked.is_recorded || ticked.latest.receiver_count() > 0);
        let due = pairs.values().filter(|ticked| {
            let is_watched = ticked.latest.receiver_count() > 0;
            is_watched || ticked.quoted_at.is_none_or(|at| at.elapsed() >= RECORD_EVERY)
        });
        due.map(|ticked| ticked.pair).collect()
    }

    async fn tick(&self, pair: Pair) {
        // a venue's bug must not end the prices of all pairs
        let quoted = AssertUnwindSafe(self.quote(pair)).catch_unwind().await;
        let mut pairs = self.lock();
        let Some(ticked) = pairs.get_mut(&pair.map(Token::mint)) else { return };
        ticked.quoted_at = Some(Instant::now());
        let Ok(tick) = quoted.map(Arc::new) else {
            tracing::error!(pair = %name(pair, self.tokens.as_ref()), "a venue panicked while it quoted");
            return;
        };
        self.record().add(&tick);
        ticked.latest.send_replace(Some(tick));
    }

    async fn quote(&self, pair: Pair) -> Tick {
        let [base, _] = pair;
        let lot = self.tokens.lot(base);
        let venues = quote(&self.venues, pair, lot, self.quotes_within).await;
        Tick { pair, at: self.clock.now(), lot, venues }
    }

    async fn resolve(&self, name: &str) -> Option<Pair> {
        let (base, quote) = name.split_once('/')?;
        let base = self.tokens.resolve(base.trim()).await.ok()?;
        let quote = self.tokens.resolve(quote.trim()).await.ok()?;
        (base != quote).then_some([base, quote])
    }

    async fn write(&self) {
        let taken = self.record().take();
        for (pair, candles) in taken {
            let written = self.history.record(pair, &candles).await;
            let mut record = self.record();
            match written {
                Ok(()) => {
                    self.recording.over();
                    record.written(pair);
                }
                Err(error) => {
                    self.recording.failed(error);
                    record.put_back(pair);
                }
            }
        }
    }

    async fn forget(&self) {
        let before =
            self.clock.now().unix_micros() - i64::try_from(self.keep.as_micros()).unwrap_or(i64::MAX);
        match self.history.forget_before(Timestamp::from_unix_micros(before)).await {
            Ok(()) => self.recording.over(),
            Err(error) => self.recording.failed(error),
        }
    }

    /// The prices of a pair, which is quoted from now on.
    fn ticked(&self, pair: Pair, is_recorded: bool) -> watch::Receiver<Option<Arc<Tick>>> {
        let mut pairs = self.lock();
        let ticked = pairs.entry(pair.map(Token::mint)).or_insert_with(|| Ticked {
            pair,
            is_recorded: false,
            latest: watch::Sender::new(None),
            quoted_at: None,
        });
        ticked.is_recorded |= is_recorded;
        ticked.latest.subscribe() // before the lock is given up: a pair that nobody watches is forgotten
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        // a panic loses a price at most
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<[Mint; 2], Ticked>> {
        // a panic cannot leave the map half changed
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
