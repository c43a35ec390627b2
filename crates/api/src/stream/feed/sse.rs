//! The feed as Server-Sent Events.

use std::{collections::HashSet, convert::Infallible, future::ready, time::Duration};

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use domain::{OrderId, ports::FeedCursor};
use futures::stream;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::{MissedTickBehavior, interval, timeout},
};

use super::{FeedReader, check_cursor, find_orders, message, reader::Scope};
use crate::{
    problem::{Code, FieldCode, FieldError, Problem},
    request::{Connection, Parameters, refuse_query},
    state::AppState,
};

const LAST_EVENT_ID: &str = "last-event-id";
/// The `id` of the end of a stream: nothing follows it.
const COMPLETE: &str = "end";
/// Orders that an address may name at most: their ids must fit into the head of a request, and into its first line.
const MOST_NAMED: usize = 500;
/// Events that wait to be written.
const WAITING: usize = 16;
/// When a browser is to connect again after the connection broke.
const RETRY: Duration = Duration::from_secs(1);

/// Answers with a stream of the orders that the query names, all by default, after the cursor that the
/// header or the query names. Without one, all orders are sent from now on, and named ones from their
/// first event.
pub(crate) async fn respond(
    state: AppState,
    query: &Parameters,
    headers: &HeaderMap,
    connection: Connection,
    permit: OwnedSemaphorePermit,
) -> Result<Response, Problem> {
    if headers.get(LAST_EVENT_ID).is_some_and(|id| id == COMPLETE) {
        // a browser comes back after every end, except this one
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    match open(&state, query, headers).await {
        Ok(reader) => Ok(stream_of(&state, reader, connection, permit)),
        // A browser does not reconnect after any other status.
        Err(problem) if problem.code == Code::StoreUnavailable => Ok(come_back()),
        Err(problem) => Err(problem),
    }
}

/// A reader at the position that the query and the headers name, and those of its orders that have ended.
async fn open(
    state: &AppState,
    query: &Parameters,
    headers: &HeaderMap,
) -> Result<(FeedReader, Vec<OrderId>), Problem> {
    let mut errors = Vec::new();
    query.check_names(&["orders", "cursor"], &mut errors);
    refuse_query(errors)?;
    let named = read_orders(query, state.limits.max_stream_orders.min(MOST_NAMED))?;
    let resumed = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    // the header is newer: a reconnecting browser repeats the address
    let cursor = match resumed.filter(|text| !text.is_empty()).or_else(|| query.text("cursor")) {
        Some(text) => {
            let refuse = |error| Problem::fields(Code::InvalidQuery, vec![error]);
            check_cursor(state, text, refuse).await?
        }
        None if named.is_some() => FeedCursor::START,
        None => state.answer(state.store.feed_end()).await?,
    };
    let mut ended = Vec::new();
    let scope = match named {
        None => Scope { all: true, named: HashSet::new() },
        Some(ids) => {
            let orders = find_orders(state, &ids).await?;
            ended.extend(orders.iter().filter(|order| order.status.is_terminal()).map(|order| order.id));
            Scope { all: false, named: ids.into_iter().collect() }
        }
    };
    let mut reader = FeedReader::new(state.feed.clone(), cursor);
    reader.rescope(scope, cursor);
    if !ended.is_empty() {
        reader.seek_end();
    }
    Ok((reader, ended))
}

/// An event stream that says when to come back, and ends.
fn come_back() -> Response {
    let ending =
        stream::once(async { Ok::<_, Infallible>(Event::default().retry(RETRY).comment("try again")) });
    unbuffered(Sse::new(ending).into_response())
}

fn stream_of(
    state: &AppState,
    (reader, ended): (FeedReader, Vec<OrderId>),
    connection: Connection,
    permit: OwnedSemaphorePermit,
) -> Response {
    let (sender, receiver) = mpsc::channel(WAITING);
    let writer = Writer { state: state.clone(), reader, ended, sender, connection };
    state.tasks.spawn(async move {
        writer.run().await;
        drop(permit);
    });
    let body = stream::unfold(receiver, |mut receiver| async move {
        let event: Event = receiver.recv().await?;
        Some((Ok::<_, Infallible>(event), receiver))
    });
    unbuffered(Sse::new(body).into_response())
}

/// A proxy that gathers the answer before it passes it on, or compresses it, would hold everything back.
fn unbuffered(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    response
}

/// `None` for all orders.
fn read_orders(query: &Parameters, most: usize) -> Result<Option<Vec<OrderId>>, Problem> {
    let text = query.text("orders").unwrap_or("*");
    if text == "*" {
        return Ok(None);
    }
    let refuse = |code, message: String| {
        Err(Problem::fields(Code::InvalidQuery, vec![FieldError::new("orders", code, message)]))
    };
    match text.split(',').map(|id| id.trim().parse()).collect::<Result<Vec<OrderId>, _>>() {
        Ok(ids) if ids.len() > most => {
            refuse(FieldCode::OutOfRange, format!("must list at most {most} orders; a WebSocket takes more"))
        }
        Ok(ids) => Ok(Some(ids)),
        Err(_) => refuse(FieldCode::Malformed, "must be * or a comma-separated list of order ids".into()),
    }
}

struct Writer {
    state: AppState,
    reader: FeedReader,
    /// Orders that had ended when the stream began. Their last events may lie before its cursor.
    ended: Vec<OrderId>,
    sender: mpsc::Sender<Event>,
    connection: Connection,
}

impl Writer {
    /// Writes until the last event of the last named order, or until the client leaves, reads too slowly, or
    /// the process stops. The answer then just ends, and the client resumes after the last `id` it has read.
    async fn run(mut self) {
        let mut heartbeats = interval(self.state.limits.heartbeat_every); // the first one at once: a cursor
        heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stopping = self.state.stopping.clone();
        let mut is_complete = false;
        while !is_complete {
            is_complete = self.is_complete();
            let event = tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                () = self.sender.closed() => return,
                () = ready(()), if is_complete => complete(),
                _ = heartbeats.tick() => self.heartbeat(),
                () = self.reader.ready() => match self.reader.take().await {
                    Some(message) => event("event", message.cursor, &message.message()),
                    None => continue,
                },
            };
            let sent =
                stopping.run_until_cancelled(timeout(self.state.limits.send_within, self.sender.send(event)));
            match sent.await {
                Some(Ok(Ok(()))) => {}
                Some(Err(_elapsed)) => {
                    tracing::debug!("a stream of events is read too slowly");
                    return self.connection.cut(); // its answer cannot end: the client does not read it
                }
                Some(Ok(Err(_))) | None => return,
            }
        }
    }

    /// Whether every named order has ended, and all of its events were sent.
    fn is_complete(&mut self) -> bool {
        if self.reader.has_everything() {
            for id in self.ended.drain(..) {
                self.reader.finish(id);
            }
        }
        self.reader.scope().is_empty()
    }

    fn heartbeat(&self) -> Event {
        let cursor = self.reader.cursor();
        let data = message::heartbeat(cursor, self.state.clock.now(), self.state.lag.now());
        event("heartbeat", cursor, &data).retry(RETRY)
    }
}

/// `event: end`, after which no event follows.
fn complete() -> Event {
    Event::default().event("end").id(COMPLETE).data("{\"type\":\"end\"}")
}

fn event(kind: &str, cursor: FeedCursor, data: &str) -> Event {
    Event::default().event(kind).id(cursor.to_string()).data(data)
}
