//! A TCP proxy that lets connections fall silent.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Forwards connections to a port of this machine. Those it silences stay open for ever and nothing passes
/// any more, as when a firewall has forgotten the flow or a server has lost its power: no `FIN`, no `RST`.
pub struct SilencingProxy {
    port: u16,
    target: Arc<AtomicU16>,
    /// Connections that were opened before this many silences are silent.
    silences: watch::Sender<u64>,
    silent: Arc<AtomicUsize>,
    is_silent: Arc<AtomicBool>,
}

impl SilencingProxy {
    /// Starts forwarding to `target`.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(target: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (silences, silent) = (watch::Sender::new(0), Arc::new(AtomicUsize::new(0)));
        let is_silent = Arc::new(AtomicBool::new(false));
        let target = Arc::new(AtomicU16::new(target));
        let leads_to = target.clone();
        let (of_connections, count, is_all_silent) = (silences.clone(), silent.clone(), is_silent.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (mut silences, count) = (of_connections.subscribe(), count.clone());
                let target = leads_to.load(Ordering::Relaxed);
                if is_all_silent.load(Ordering::Relaxed) {
                    silences.mark_changed();
                } else {
                    silences.mark_unchanged();
                }
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await else { return };
                    let (mut client, mut server) = (client, server);
                    tokio::select! {
                        biased;
                        _ = silences.changed() => {
                            count.fetch_add(1, Ordering::Relaxed);
                            std::future::pending::<()>().await; // both ends stay open
                        }
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                    }
                });
            }
        });
        Self { port, target, silences, silent, is_silent }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Leads new connections to another port, as after a failover.
    pub fn lead_to(&self, target: u16) {
        self.target.store(target, Ordering::Relaxed);
    }

    /// Silences every connection that is open now. New ones work.
    pub fn silence(&self) {
        self.silences.send_modify(|silences| *silences += 1);
    }

    /// Silences every connection that is open now, and as long as it stays silent every new one.
    pub fn stay_silent(&self, is_silent: bool) {
        self.is_silent.store(is_silent, Ordering::Relaxed);
        self.silence();
    }

    /// How many connections it has silenced.
    pub fn silenced(&self) -> usize {
        self.silent.load(Ordering::Relaxed)
    }
}
