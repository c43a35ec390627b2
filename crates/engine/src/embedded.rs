//! API and worker in one process.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use api::About;
use domain::ports::{Chain, OrderStore};
use infra::{
    clock::SystemClock,
    data_dir::{self, DataDir},
};
use process::settings::Setting;
use protocol::EngineMode;
use rand::rngs::StdRng;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use venues::LogLocation;
use worker::Worker;

use crate::cli::ServeArgs;

/// A running engine.
pub(crate) struct Embedded {
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    api: JoinHandle<anyhow::Result<()>>,
    worker: JoinHandle<()>,
    store: Arc<dyn OrderStore>,
    chain: Arc<dyn Chain>,
    /// Of an engine that keeps its orders in `SQLite`.
    _data_dir: Option<DataDir>,
}

impl Embedded {
    /// Starts API and worker over the same store, queue and bus.
    ///
    /// # Errors
    /// When a backend cannot be reached, the port is taken or a setting is not valid.
    pub(crate) async fn start(args: &ServeArgs, settings: &[Setting]) -> anyhow::Result<Self> {
        telemetry::metrics::start()?;
        let listener = api::bind(&args.api).await?;
        let address = listener.local_addr()?;
        let clock = Arc::new(SystemClock);
        let is_sqlite = args.backend.database_url.is_none();
        let data_dir = is_sqlite.then(|| DataDir::lock(&args.backend.data_dir)).transpose()?;
        if is_sqlite {
            data_dir::refuse_half_restored(&args.backend.data_dir)?;
        }
        let store = infra::store::connect(&args.backend, clock.clone()).await?;
        let log = match &args.backend.database_url {
            Some(url) => LogLocation::Postgres(url.clone()),
            None => LogLocation::Sqlite(data_dir::simulated_chain(&args.backend.data_dir)),
        };
        let trading = venues::connect_trading(&args.venues, log, clock.clone()).await?;
        api::check(&args.api, trading.quotes.tokens.as_ref()).await?;
        let queue = infra::queue::connect(&args.backend)?;
        let bus = infra::bus::connect(&args.backend)?;
        let stop = CancellationToken::new();
        let (kept_store, chain) = (store.clone(), trading.chain.clone());
        let for_api = api::Backends {
            store: store.clone(),
            queue: queue.producer.clone(),
            bus: bus.clone(),
            quotes: trading.quotes.clone(),
            prices: infra::prices::connect(&args.backend),
            clock: clock.clone(),
            rng: Box::new(rand::make_rng::<StdRng>()),
        };
        let rng = rand::make_rng();
        let (queue, consumer) = (queue.producer, queue.consumer);
        let for_worker = worker::Backends { store, bus, queue, consumer, trading, clock, rng };
        let worker = Worker::new(for_worker, &args.worker, stop.clone());
        let worker = tokio::spawn(async move { worker.run().await });
        let api = tokio::spawn({
            let (config, stop) = (args.api.clone(), stop.clone());
            let about = About::new(EngineMode::Embedded, settings);
            async move { api::run(&config, listener, for_api, about, stop).await }
        });
        Ok(Self { address, stop, api, worker, store: kept_store, chain, _data_dir: data_dir })
    }

    /// Runs until `asked`, then stops.
    ///
    /// # Errors
    /// When the API ends by itself.
    pub(crate) async fn run_until(mut self, asked: CancellationToken) -> anyhow::Result<()> {
        tokio::select! {
            ended = &mut self.api => return ended.context("the API ended")?,
            () = asked.cancelled() => {}
        }
        self.stop().await
    }

    /// Stops: executions give their orders back, which continue at the next start.
    ///
    /// # Errors
    /// When the API ended badly.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        let (api, worker) = tokio::join!(self.api, self.worker);
        self.chain.close().await;
        self.store.close().await;
        worker.context("the worker ended badly")?;
        api.context("the API ended badly")?
    }
}
