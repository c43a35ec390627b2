use std::collections::HashMap;

use axum::body::Bytes;
use domain::{
    OrderId,
    ports::{FeedCursor, FeedScope, PageEnd},
};
use protocol::{Orders, StreamMessage};
use tokio::{
    sync::mpsc,
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};

use super::{
    FeedReader, check_cursor, find_orders, message,
    prices::Prices,
    request::{Request, StreamCommand},
};
use crate::{
    prices::{self, Pair},
    problem::{Code, FieldCode, FieldError, Problem},
    routes::named,
    state::AppState,
    stream::{Canonical, Ending, Outbox, Peer, refuse, to_text},
};

/// Requests of a client that wait for their turn; more are not read from its connection.
const WAITING_REQUESTS: usize = 8;
/// Messages that go out together at most.
const MESSAGES_TOGETHER: usize = 64;
/// Events of newly named orders that are read at once.
const PAGE: u32 = 512;

/// Serves a WebSocket of `/api/stream` to its end.
pub(crate) async fn converse(peer: &mut Peer, state: &AppState) -> Ending {
    let now = match state.answer(state.store.feed_end()).await {
        Ok(now) => now,
        Err(problem) => return refuse(peer, &problem, &Canonical).await,
    };
    let (outbox, inbox) = peer.split();
    let (requests, asked) = mpsc::channel(WAITING_REQUESTS);
    let reader = FeedReader::new(state.feed.clone(), now);
    let session = Session { state, outbox, reader, prices: Prices::default() }.run(asked);
    tokio::select! {
        () = state.stopping.cancelled() => Ending::Stopping,
        ending = inbox.forward(requests) => ending,
        ended = session => match ended {
            Ok(never) => match never {},
            Err(ending) => ending,
        },
    }
}

/// One client and what it follows.
struct Session<'a> {
    state: &'a AppState,
    outbox: Outbox<'a>,
    reader: FeedReader,
    prices: Prices,
}

impl Session<'_> {
    async fn run(mut self, mut asked: mpsc::Receiver<Bytes>) -> Result<std::convert::Infallible, Ending> {
        let limits = &self.state.limits;
        let (mut pings, mut heartbeats) = (every(limits.ping_every), every(limits.heartbeat_every));
        let hello = message::connected(self.reader.cursor(), limits.heartbeat_every);
        self.outbox.send(hello).await?;
        loop {
            tokio::select! {
                biased;
                Some(request) = asked.recv() => self.serve(Request::parse(&request)).await?,
                _ = pings.tick() => self.outbox.ping().await?,
                _ = heartbeats.tick() => {
                    let heartbeat = message::heartbeat(
                        self.reader.cursor(),
                        self.state.clock.now(),
                        self.state.lag.now(),
                    );
                    self.outbox.send(heartbeat).await?;
                }
                () = self.reader.ready() => self.send_ready().await?,
                tick = self.prices.next() => {
                    let prices = StreamMessage::Prices(tick.view(self.state.tokens.as_ref()));
                    self.outbox.send(to_text(&prices)).await?;
                }
            }
        }
    }

    /// Sends some of what is ready.
    async fn send_ready(&mut self) -> Result<(), Ending> {
        let mut messages = Vec::new();
        let mut next = self.reader.take().await;
        while let Some(message) = next {
            messages.push(message.message());
            next = if messages.len() < MESSAGES_TOGETHER { self.reader.take_read() } else { None };
        }
        self.outbox.send_all(messages).await
    }

    async fn serve(&mut self, request: Request) -> Result<(), Ending> {
        let Request { id, command } = request;
        let done = match command {
            Ok(StreamCommand::SubscribeAll { cursor }) => {
                self.subscribe_all(cursor).await.map(|()| Done::orders(Orders::All))
            }
            Ok(StreamCommand::Subscribe { orders }) => self.subscribe(orders).await,
            Ok(StreamCommand::Unsubscribe(orders)) => {
                self.unsubscribe(&orders);
                Ok(Done { subscribes: false, ..Done::orders(orders) })
            }
            Ok(StreamCommand::SubscribePrices(pairs)) => self.subscribe_prices(&pairs).await,
            Ok(StreamCommand::UnsubscribePrices(pairs)) => self.unsubscribe_prices(&pairs).await,
            Err(problem) => Err(problem),
        };
        match done {
            Ok(Done { subscribes, orders, prices, history }) => {
                let answer = if subscribes {
                    StreamMessage::Subscribed { orders, prices, id }
                } else {
                    StreamMessage::Unsubscribed { orders, prices, id }
                };
                self.outbox.send(to_text(&answer)).await?;
                self.send_history(history).await
            }
            Err(problem) => self.outbox.send(message::refusal(&problem, id.as_ref())).await,
        }
    }

    async fn subscribe_all(&mut self, cursor: Option<String>) -> Result<(), Problem> {
        let reader = &mut self.reader;
        let mut scope = reader.scope().clone();
        let place = match cursor {
            Some(text) => {
                let refuse = |error| Problem::fields(Code::InvalidRequest, vec![error]);
                let cursor = check_cursor(self.state, &text, refuse).await?;
                // pending history of named orders must not be left out
                if scope.is_empty() { cursor } else { cursor.min(reader.cursor()) }
            }
            None if scope.is_empty() => self.state.answer(self.state.store.feed_end()).await?,
            None if scope.all => return Ok(()),
            None => reader.cursor(),
        };
        scope.all = true;
        reader.rescope(scope, place);
        Ok(())
    }

    /// The orders are live from here on; their history up to here is still to be sent.
    async fn subscribe(&mut self, orders: Vec<(OrderId, u32)>) -> Result<Done, Problem> {
        let ids: Vec<OrderId> = orders.iter().map(|(id, _)| *id).collect();
        let mut scope = self.reader.scope().clone();
        let was_empty = scope.is_empty();
        scope.named.extend(&ids);
        let most = self.state.limits.max_stream_orders;
        if scope.named.len() > most {
            let message =
                format!("would exceed {most} orders on this connection; subscribe to \"*\" for all");
            let error = FieldError::new("orders", FieldCode::OutOfRange, message);
            return Err(Problem::fields(Code::InvalidRequest, vec![error]));
        }
        find_orders(self.state, &ids).await?;
        let place = if was_empty {
            self.state.answer(self.state.store.feed_end()).await?
        } else {
            self.reader.cursor()
        };
        self.reader.rescope(scope, place);
        let history = orders.into_iter().collect();
        Ok(Done { history, ..Done::orders(Orders::Named(ids)) })
    }

    async fn subscribe_prices(&mut self, names: &[String]) -> Result<Done, Problem> {
        let pairs = self.pairs(names).await?;
        let names = self.names(&pairs);
        if !self.prices.add(pairs, &self.state.ticker) {
            let message = format!("would exceed {} pairs on this connection", Prices::MOST);
            let error = FieldError::new("prices", FieldCode::OutOfRange, message);
            return Err(Problem::fields(Code::InvalidRequest, vec![error]));
        }
        Ok(Done::prices(names, true))
    }

    async fn unsubscribe_prices(&mut self, names: &[String]) -> Result<Done, Problem> {
        let pairs = self.pairs(names).await?;
        self.prices.remove(&pairs);
        Ok(Done::prices(self.names(&pairs), false))
    }

    async fn pairs(&self, names: &[String]) -> Result<Vec<Pair>, Problem> {
        let refused = |error| Problem::fields(Code::InvalidRequest, vec![error]);
        if names.len() > Prices::MOST {
            let message = format!("must list at most {} pairs", Prices::MOST);
            return Err(refused(FieldError::new("prices", FieldCode::OutOfRange, message)));
        }
        let mut pairs = Vec::new();
        for name in names {
            let pair = named::pair(self.state, name).await;
            pairs.push(pair.map_err(|error| refused(FieldError { field: "prices".into(), ..error }))?);
        }
        Ok(pairs)
    }

    fn names(&self, pairs: &[Pair]) -> Vec<String> {
        pairs.iter().map(|pair| prices::name(*pair, self.state.tokens.as_ref())).collect()
    }

    fn unsubscribe(&mut self, orders: &Orders) {
        let mut scope = self.reader.scope().clone();
        match orders {
            Orders::All => scope.all = false,
            Orders::Named(ids) => ids.iter().for_each(|id| {
                scope.named.remove(id);
            }),
        }
        if scope != *self.reader.scope() {
            self.reader.rescope(scope, self.reader.cursor());
        }
    }

    /// Sends the history of orders, each after a sequence number, up to the position where they
    /// become live.
    async fn send_history(&mut self, orders: HashMap<OrderId, u32>) -> Result<(), Ending> {
        if orders.is_empty() {
            return Ok(());
        }
        let live_from = self.reader.cursor();
        let scope = FeedScope::Orders(orders.keys().copied().collect());
        let (mut after, mut beyond) = (FeedCursor::START, PageEnd::More);
        while beyond == PageEnd::More && after < live_from {
            let page = self.state.answer(self.state.feed.read(&scope, after, PAGE)).await;
            let page = page.map_err(|problem| Ending::after(&problem))?;
            (after, beyond) = (page.next, page.beyond);
            for fed in page.events.into_iter().filter(|fed| fed.cursor <= live_from) {
                let message = self.state.feed.message(fed);
                let (id, event) = (message.event.order_id, &message.event.event);
                if orders.get(&id).is_some_and(|seen| event.seq > *seen) {
                    self.outbox.send(message.message()).await?;
                }
                if event.status.is_terminal() {
                    self.reader.finish(id);
                }
            }
        }
        Ok(())
    }
}

/// The result of a request.
struct Done {
    subscribes: bool,
    orders: Option<Orders>,
    prices: Option<Vec<String>>,
    /// Orders whose history is to be sent now, each after a sequence number.
    history: HashMap<OrderId, u32>,
}

impl Done {
    fn orders(orders: Orders) -> Self {
        Self { subscribes: true, orders: Some(orders), prices: None, history: HashMap::new() }
    }

    fn prices(pairs: Vec<String>, subscribes: bool) -> Self {
        Self { subscribes, orders: None, prices: Some(pairs), history: HashMap::new() }
    }
}

fn every(period: std::time::Duration) -> Interval {
    let mut ticks = interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
