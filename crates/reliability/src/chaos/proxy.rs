//! A TCP proxy that can cut, delay or half-open what goes through it.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

/// What a connection suffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weather {
    /// Nothing.
    Clear,
    /// Every chunk comes this much later.
    Slow(Duration),
    /// What goes from the client to the server vanishes, and nobody is told.
    DeafServer,
    /// What goes from the server to the client vanishes, and nobody is told.
    DeafClient,
}

#[derive(Debug, Clone, Copy)]
struct State {
    weather: Weather,
    /// Connections from before the last cut end.
    cuts: u64,
}

/// A way from one part to another.
pub(super) struct Proxy {
    pub(super) port: u16,
    state: watch::Sender<State>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port and forwards to `target` on this machine.
    pub(super) async fn start(target: u16) -> anyhow::Result<Self> {
        let port = testkit::ports::free();
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let (state, seen) = watch::channel(State { weather: Weather::Clear, cuts: 0 });
        let target = SocketAddr::from(([127, 0, 0, 1], target));
        let task = tokio::spawn(async move {
            loop {
                if let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(carry(client, target, seen.clone()));
                }
            }
        });
        Ok(Self { port, state, task })
    }

    /// Changes the weather. Bytes that vanished leave a connection that must not go on, so the end
    /// of deafness cuts what was open.
    pub(super) fn set(&self, weather: Weather) {
        self.state.send_modify(|state| {
            if matches!(state.weather, Weather::DeafServer | Weather::DeafClient) {
                state.cuts += 1;
            }
            state.weather = weather;
        });
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

async fn carry(client: TcpStream, target: SocketAddr, mut state: watch::Receiver<State>) {
    let cuts_before = state.borrow().cuts;
    let Ok(server) = TcpStream::connect(target).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let up = pump(from_client, to_server, state.clone(), Weather::DeafServer);
    let down = pump(from_server, to_client, state.clone(), Weather::DeafClient);
    tokio::select! {
        () = async { tokio::join!(up, down); } => {}
        _ = state.wait_for(|state| state.cuts > cuts_before) => {}
    }
}

/// Copies one direction until it ends; in `deaf` weather what arrives is thrown away.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: watch::Receiver<State>, deaf: Weather) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(size @ 1..) = from.read(&mut buffer).await {
        let weather = state.borrow().weather;
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
