//! The deadlines of one connection, and the slot it holds.

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep, sleep, sleep_until},
};

use crate::Limits;

#[derive(Clone, Copy)]
enum Phase {
    /// No request is under way, and the next one must have begun by then.
    Idle(Instant),
    /// A head has begun and must be complete by then.
    Head(Instant),
    /// A request is being answered.
    Busy,
    /// The connection is a WebSocket, whose session has deadlines of its own.
    Upgraded,
}

/// The deadlines of one connection. hyper's own timer for a head also runs between requests, so it cannot
/// distinguish an idle connection from a slow head.
pub(super) struct Timers {
    phase: Mutex<Phase>,
    head_within: Duration,
    idle_within: Duration,
    write_within: Duration,
}

impl Timers {
    /// For a connection that was just accepted: its first head is due within `head_within`.
    pub(super) fn new(limits: &Limits, head_within: Duration) -> Arc<Self> {
        Arc::new(Self {
            phase: Mutex::new(Phase::Head(Instant::now() + head_within)),
            head_within,
            idle_within: limits.keep_alive,
            write_within: limits.send_within,
        })
    }

    fn update(&self, next: impl FnOnce(Phase) -> Phase) {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        *phase = next(*phase);
    }

    fn phase(&self) -> Phase {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn until(&self) -> Option<Instant> {
        match self.phase() {
            Phase::Idle(until) | Phase::Head(until) => Some(until),
            Phase::Busy | Phase::Upgraded => None,
        }
    }

    /// A head is complete.
    pub(super) fn begin(&self) {
        self.update(|_| Phase::Busy);
    }

    /// The answer switches protocols.
    pub(super) fn upgrade(&self) {
        self.update(|_| Phase::Upgraded);
    }

    fn end(&self) {
        self.update(|_| Phase::Idle(Instant::now() + self.idle_within));
    }

    fn received(&self) {
        self.update(|phase| match phase {
            Phase::Idle(_) => Phase::Head(Instant::now() + self.head_within),
            other => other,
        });
    }

    /// What is left of an answer is still on its way, so the connection is not idle yet.
    fn sent(&self) {
        self.update(|phase| match phase {
            Phase::Idle(_) => Phase::Idle(Instant::now() + self.idle_within),
            other => other,
        });
    }

    /// Waits until a deadline has passed. Must be polled after the connection by the same task: the
    /// connection is what changes the phase.
    pub(super) async fn expired(&self) {
        let mut timer = pin!(sleep(self.head_within));
        poll_fn(|context| {
            loop {
                let Some(until) = self.until() else { return Poll::Pending };
                if until < timer.deadline() || timer.is_elapsed() {
                    timer.as_mut().reset(until);
                }
                ready!(timer.as_mut().poll(context));
                if self.until().is_some_and(|until| until <= Instant::now()) {
                    return Poll::Ready(());
                }
            }
        })
        .await;
    }
}

/// The body of an answer. The connection is idle once it is gone.
pub(super) struct Answer {
    body: Body,
    timers: Arc<Timers>,
}

impl Answer {
    pub(super) fn new(body: Body, timers: Arc<Timers>) -> Self {
        Self { body, timers }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if !matches!(self.timers.phase(), Phase::Upgraded) {
            self.timers.end();
        }
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection with its slot, which is free when the socket is closed and not before: a WebSocket outlives
/// the HTTP connection it began as.
pub(super) struct Socket {
    stream: TcpStream,
    timers: Arc<Timers>,
    /// Runs while the peer reads nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    _slot: OwnedSemaphorePermit,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, timers: Arc<Timers>, slot: OwnedSemaphorePermit) -> Self {
        Self { stream, timers, stalled: None, _slot: slot }
    }

    /// Fails a write that moves no byte in time.
    fn written(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            self.timers.sent();
            return written;
        }
        if matches!(self.timers.phase(), Phase::Upgraded) {
            return written;
        }
        let until = Instant::now() + self.timers.write_within;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep_until(until)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read its answer")))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.timers.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
