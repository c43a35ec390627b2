//! A TCP proxy that can cut, delay, half-open or silence what goes through it.

use std::{
    future::pending,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

/// The condition of a proxy's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weather {
    /// Nothing.
    Clear,
    /// Every chunk comes this much later.
    Slow(Duration),
    /// Bytes from the client to the server vanish silently.
    DeafServer,
    /// Bytes from the server to the client vanish silently.
    DeafClient,
}

#[derive(Debug, Clone, Copy)]
struct State {
    weather: Weather,
    /// Connections from before the last cut end.
    cuts: u64,
    /// Connections from before the last silence never carry anything again.
    silences: u64,
}

/// How long a server takes to give up a client that has fallen silent, as by its keepalive. The client is
/// not notified.
const SERVER_GIVES_UP_AFTER: Duration = Duration::from_secs(10);

/// What has gone through.
#[derive(Debug, Default)]
struct Traffic {
    open: AtomicUsize,
    /// Chunks that came late or vanished.
    suffered: AtomicU64,
}

/// A connection that is counted as long as it is open.
struct Open(Arc<Traffic>);

impl Open {
    fn new(traffic: Arc<Traffic>) -> Self {
        traffic.open.fetch_add(1, Ordering::Relaxed);
        Self(traffic)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A way from one part to another.
pub(super) struct Proxy {
    pub(super) port: u16,
    state: watch::Sender<State>,
    traffic: Arc<Traffic>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port and forwards to `target` on this machine.
    pub(super) async fn start(target: u16) -> anyhow::Result<Self> {
        let port = testkit::ports::free();
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let (state, seen) = watch::channel(State { weather: Weather::Clear, cuts: 0, silences: 0 });
        let target = SocketAddr::from(([127, 0, 0, 1], target));
        let traffic = Arc::new(Traffic::default());
        let counted = traffic.clone();
        let task = tokio::spawn(async move {
            loop {
                if let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(carry(client, target, seen.clone(), counted.clone()));
                }
            }
        });
        Ok(Self { port, state, traffic, task })
    }

    /// Whether it has a connection that a fault can affect.
    pub(super) fn is_used(&self) -> bool {
        self.traffic.open.load(Ordering::Relaxed) > 0
    }

    /// Whether nothing is wrong with it now.
    pub(super) fn is_clear(&self) -> bool {
        self.state.borrow().weather == Weather::Clear
    }

    /// How many chunks came late or vanished so far.
    pub(super) fn suffered(&self) -> u64 {
        self.traffic.suffered.load(Ordering::Relaxed)
    }

    /// Sets the condition. Bytes that vanished leave a connection that must not continue, so the end
    /// of deafness cuts what was open.
    pub(super) fn set(&self, weather: Weather) {
        self.state.send_modify(|state| {
            if matches!(state.weather, Weather::DeafServer | Weather::DeafClient) {
                state.cuts += 1;
            }
            state.weather = weather;
        });
    }

    /// Silences every connection for ever, without a word to its client; new ones are let through.
    pub(super) fn silence(&self) {
        self.state.send_modify(|state| state.silences += 1);
    }

    /// Ends every connection; new ones are let through.
    pub(super) fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(client: TcpStream, target: SocketAddr, state: watch::Receiver<State>, traffic: Arc<Traffic>) {
    let State { cuts: cuts_before, silences: silences_before, .. } = *state.borrow();
    let Ok(server) = TcpStream::connect(target).await else { return };
    let (open, mut cuts, mut silences) = (Open::new(traffic), state.clone(), state.clone());
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut client, mut server) = (client, server);
    {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let up = pump(from_client, to_server, &state, Weather::DeafServer, &open.0);
        let down = pump(from_server, to_client, &state, Weather::DeafClient, &open.0);
        tokio::select! {
            () = async { tokio::join!(up, down); } => return,
            _ = cuts.wait_for(|state| state.cuts > cuts_before) => return,
            _ = silences.wait_for(|state| state.silences > silences_before) => {}
        }
    }
    open.0.suffered.fetch_add(1, Ordering::Relaxed);
    drop(open);
    tokio::time::sleep(SERVER_GIVES_UP_AFTER).await;
    drop(server);
    pending::<()>().await; // as long as the proxy is there, the client's end stays open
}

/// Copies one direction until it ends; while it is `deaf` what arrives is thrown away.
async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    state: &watch::Receiver<State>,
    deaf: Weather,
    traffic: &Traffic,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(size @ 1..) = from.read(&mut buffer).await {
        let weather = state.borrow().weather;
        if weather == deaf || matches!(weather, Weather::Slow(_)) {
            traffic.suffered.fetch_add(1, Ordering::Relaxed);
        }
        if weather == deaf {
            continue;
        }
        if let Weather::Slow(delay) = weather {
            tokio::time::sleep(delay).await;
        }
        if to.write_all(&buffer[..size]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
