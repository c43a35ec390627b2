//! The router with its layers, and the server, which has limits that axum's own lacks.

mod connection;
mod slots;

use std::{any::Any, io, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, Request, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    trace::{DefaultOnResponse, TraceLayer},
};

use self::{
    connection::{Answer, Socket, Timers},
    slots::{Slot, Slots},
};
use crate::{
    access, compat, dashboard,
    headers::REQUEST_ID,
    openapi::document,
    problem::{Code, Problem},
    request::Connection,
    routes::{
        cancel, cancel_many, engine, events, execute, explain, export, fallback, health, market, metrics,
        order, orders, quotes, resume, statistics, stream, summary, tokens, venues, wallets as wallet_routes,
    },
    state::AppState,
    wallets,
};

const MAX_HEADER_BYTES: usize = 32 * 1024;
/// How long the head of a request may take on a connection of the reserve, of which there are few.
const RESERVE_HEAD_WITHIN: Duration = Duration::from_secs(2);
/// Paths that connections of the reserve may request.
const HEALTH: [&str; 4] = ["/health", "/health/live", "/health/ready", "/metrics"];

/// Every route of the API.
pub fn router(state: AppState) -> Router {
    let request_ids = NewRequestId(state.clone());
    // Handlers log their own failures; a line for each of thousands that are
    // refused as overload would flood the log.
    let spans =
        TraceLayer::new_for_http().make_span_with(span).on_response(DefaultOnResponse::new()).on_failure(());
    Router::new()
        .route("/api/orders/execute", post(execute::place).get(execute::stream))
        .route("/api/orders", get(orders::list))
        .route("/api/orders/summary", get(summary::summarize))
        .route("/api/orders/export", get(export::export))
        .route("/api/orders/ws", get(compat::sockets::orders))
        .route("/api/orders/cancel", post(cancel_many::cancel_many))
        .route("/api/orders/{id}", get(order::show).delete(cancel::delete))
        .route("/api/orders/{id}/cancel", post(cancel::cancel))
        .route("/api/orders/{id}/events", get(events::list))
        .route("/api/orders/{id}/history", get(compat::history::history))
        .route("/api/orders/{id}/explain", get(explain::explain))
        .route("/api/orders/{id}/resume", post(resume::resume))
        .route("/api/orders/{id}/status", get(compat::sockets::status))
        .route("/api/orders/{id}/postings", get(wallet_routes::of_order))
        .route("/api/wallets", get(wallet_routes::list).post(wallet_routes::open))
        .route("/api/wallets/{id}", get(wallet_routes::show))
        .route("/api/wallets/{id}/postings", get(wallet_routes::postings))
        .route("/api/wallets/{id}/postings/export", get(wallet_routes::export))
        .route("/api/wallets/{id}/equity", get(wallet_routes::equity))
        .route("/api/wallets/{id}/pnl", get(wallet_routes::pnl))
        .route("/api/wallets/{id}/deposit", post(wallet_routes::deposit))
        .route("/api/wallets/{id}/withdraw", post(wallet_routes::withdraw))
        .route("/api/wallets/{id}/reset", post(wallet_routes::reset))
        .route("/api/stream", get(stream::stream))
        .route("/api/quotes", post(quotes::ask))
        .route("/api/tokens", get(tokens::list))
        .route("/api/venues", get(venues::list))
        .route("/api/market/prices", get(market::prices))
        .route("/api/market/candles", get(market::candles))
        .route("/api/engine", get(engine::show))
        .route("/api/statistics", get(statistics::show))
        .route(document::PATH, get(document::document).layer(CompressionLayer::new()))
        .route("/health", get(health::report))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::render))
        .merge(dashboard::routes())
        .fallback(dashboard::unknown)
        .method_not_allowed_fallback(fallback::method_not_allowed)
        // the outermost first; all in one, because each call of `layer` boxes every request's future again
        .layer((
            SetRequestIdLayer::new(REQUEST_ID, request_ids),
            spans,
            PropagateRequestIdLayer::new(REQUEST_ID),
            middleware::from_fn_with_state(state.access.clone(), access::check),
            state.access.cors(),
            CatchPanicLayer::custom(panicked),
            DefaultBodyLimit::max(state.limits.max_body_bytes),
            middleware::from_fn(metrics::measure),
        ))
        .with_state(state)
}

fn span<B>(request: &Request<B>) -> tracing::Span {
    let id = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), request_id = id)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature the layer asks for")]
fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    tracing::error!(message, "a handler panicked");
    Problem::internal().into_response()
}

/// Names requests that come without an `X-Request-Id`.
#[derive(Clone)]
struct NewRequestId(AppState);

impl MakeRequestId for NewRequestId {
    fn make_request_id<B>(&mut self, _: &Request<B>) -> Option<RequestId> {
        HeaderValue::from_str(&self.0.next_id(self.0.clock.now()).to_string()).ok().map(RequestId::new)
    }
}

/// Serves until `stop`; then no connection is accepted any more, requests under way are answered and
/// streams are closed with 1001. Whatever takes longer than [`crate::Limits::stop_within`] is cut.
///
/// # Errors
/// When the listener has no local address.
pub async fn serve(listener: TcpListener, state: AppState, stop: CancellationToken) -> io::Result<()> {
    tracing::info!(address = %listener.local_addr()?, "listening");
    let hub = state.hub.clone();
    let stopping = state.stopping.clone();
    state.tasks.spawn(async move { hub.run(stopping).await });
    let (feed, stopping) = (state.feed.clone(), state.stopping.clone());
    state.tasks.spawn(async move { stopping.run_until_cancelled(feed.run()).await });
    let (statistics, stopping) = (state.statistics.clone(), state.stopping.clone());
    state.tasks.spawn(async move { stopping.run_until_cancelled(statistics.run()).await });
    let (ticker, stopping) = (state.ticker.clone(), state.stopping.clone());
    state.tasks.spawn(async move { ticker.run(&stopping).await });
    let recording = state.clone();
    state.tasks.spawn(async move { wallets::record(&recording).await });
    let watching = state.clone();
    state.tasks.spawn(async move {
        let watch = watching.lag.run(watching.store.as_ref(), watching.limits.lag_check_every);
        watching.stopping.run_until_cancelled(watch).await
    });
    let counting = state.clone();
    state.tasks.spawn(async move {
        counting.admission.run(counting.store.as_ref(), counting.stopping.clone()).await;
    });
    let slots = Slots::new(state.limits.max_connections);
    let app = router(state.clone());
    while let Some(Some((stream, slot))) = stop.run_until_cancelled(slots.accept(&listener)).await {
        state.tasks.spawn(serve_connection(stream, slot, app.clone(), state.clone()));
    }
    drop(listener);
    state.stopping.cancel();
    state.tasks.close();
    if timeout(state.limits.stop_within, state.tasks.wait()).await.is_err() {
        tracing::warn!("requests or streams took too long to end and are cut");
    }
    Ok(())
}

async fn serve_connection(stream: TcpStream, slot: Slot, app: Router, state: AppState) {
    let _ = stream.set_nodelay(true); // an event is small and must not wait for the next one
    let Slot { permit, is_reserve } = slot;
    let head_within = state.limits.headers_within;
    let head_within = if is_reserve { head_within.min(RESERVE_HEAD_WITHIN) } else { head_within };
    let timers = Timers::new(&state.limits, head_within);
    let cut = Connection::default();
    let (own, own_timers) = (cut.clone(), timers.clone());
    let app = TowerToHyperService::new(app);
    let service = service_fn(move |mut request: Request<Incoming>| {
        own_timers.begin();
        request.extensions_mut().insert(own.clone());
        let asked = (!is_reserve || HEALTH.contains(&request.uri().path())).then(|| app.call(request));
        let timers = own_timers.clone();
        async move {
            let Some(asked) = asked else { return Ok(answer(full(), timers)) };
            asked.await.map(|response| answer(response, timers))
        }
    });
    // HTTP/1 only: telling the versions apart would wait for a first byte without a timer
    let connection = http1::Builder::new()
        .keep_alive(!is_reserve)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_header_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(Socket::new(stream, timers.clone(), permit)), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        biased; // the timers read what the connection has just done
        ended = connection.as_mut() => ended,
        () = timers.expired() => Ok(()),
        () = cut.is_cut() => Ok(()),
        () = state.stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Ends the timers with the answer, and makes clients neither store it nor guess its type unless
/// the route said otherwise.
fn answer(mut response: Response, timers: Arc<Timers>) -> Response<Answer> {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        timers.upgrade();
    } else {
        let headers = response.headers_mut();
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    response.map(|body| Answer::new(body, timers))
}

fn full() -> Response {
    let problem = Problem::new(Code::TooManyConnections, "every connection slot is taken");
    ([(header::CONNECTION, "close")], problem).into_response()
}
