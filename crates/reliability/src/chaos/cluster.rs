//! All processes and servers of a run.

use std::{path::PathBuf, str::FromStr, time::Duration};

use anyhow::{Context, bail};
use sqlx::{ConnectOptions, PgConnection, postgres::PgConnectOptions};
use tempfile::TempDir;
use testkit::{PostgresServer, redis::TestRedis};
use tokio::time::Instant;

use super::{
    Options,
    service::{Kind, Service},
};

const APIS: usize = 2;
const WORKERS: usize = 3;
/// How long processes may take to be ready while nothing is broken.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// How long nothing must move: longer than any request takes once all is well.
const QUIET_FOR: Duration = Duration::from_secs(2);

/// Everything that runs.
pub(super) struct Cluster {
    pub(super) postgres: PostgresServer,
    pub(super) redis: TestRedis,
    pub(super) services: Vec<Service>,
    logs: Option<TempDir>,
}

/// Whether everything came to rest, and how long that took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest {
    /// From the end of the faults until all clients were done and no order was open.
    pub(super) took: Duration,
    /// Orders that were still open when patience ended.
    pub(super) open: i64,
}

impl Cluster {
    pub(super) async fn start(options: &Options) -> anyhow::Result<Self> {
        let programs = match &options.programs {
            Some(folder) => folder.clone(),
            None => own_folder()?,
        };
        let (postgres, redis) = (PostgresServer::start().await, TestRedis::start_with_snapshots().await);
        let logs = tempfile::Builder::new().prefix("chaos-").tempdir()?;
        let mut cluster = Self { postgres, redis, services: Vec::new(), logs: None };
        let targets = (cluster.postgres.port(), cluster.redis.port());
        for (kind, count, name) in [(Kind::Api, APIS, "api"), (Kind::Worker, WORKERS, "worker")] {
            for number in 1..=count {
                let name = format!("{name}-{number}");
                let service =
                    Service::new(kind, &name, targets, &programs, logs.path(), options.seed).await?;
                cluster.services.push(service);
            }
        }
        cluster.logs = Some(logs);
        cluster.start_all()?;
        cluster.ready().await?;
        Ok(cluster)
    }

    /// Starts what does not run.
    pub(super) fn start_all(&mut self) -> anyhow::Result<()> {
        self.services.iter_mut().try_for_each(Service::start)
    }

    /// Waits until every process is ready.
    pub(super) async fn ready(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        for service in &self.services {
            while !service.is_ready().await {
                if Instant::now() > deadline {
                    bail!("{} is not ready within {READY_WITHIN:?}", service.name);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    /// The ports through which clients reach the APIs.
    pub(super) fn apis(&self) -> Vec<u16> {
        self.services.iter().filter_map(|service| service.from_clients.as_ref()).map(|it| it.port).collect()
    }

    /// Waits until no order has been open for a while and the chain has settled everything it took;
    /// a request whose client is gone may still be on its way and become an order. Returns how much
    /// is left when patience ends; -1 if unknown.
    pub(super) async fn rest(&self, deadline: Instant) -> i64 {
        let mut since = Instant::now();
        loop {
            let open = self.open_orders().await;
            if !matches!(open, Ok(0)) {
                since = Instant::now();
            }
            if since.elapsed() >= QUIET_FOR || Instant::now() > deadline {
                return open.unwrap_or(-1);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// A connection to the database that does not go through a proxy, and writes also while others may not.
    pub(super) async fn database(&self) -> sqlx::Result<PgConnection> {
        let options = PgConnectOptions::from_str(&self.postgres.url())?;
        options.options([("default_transaction_read_only", "off")]).connect().await
    }

    async fn open_orders(&self) -> sqlx::Result<i64> {
        let mut database = self.database().await?;
        sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM orders WHERE wake_at IS NOT NULL)
                  + (SELECT count(*) FROM simulated_transactions WHERE settles_at > clock_timestamp())",
        )
        .fetch_one(&mut database)
        .await
    }

    /// Leaves the logs of the processes where they are and says where.
    pub(super) fn keep_logs(&mut self) {
        if let Some(logs) = self.logs.take() {
            eprintln!("the logs of the processes are in {}", logs.keep().display());
        }
    }
}

fn own_folder() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.parent().context("this program is in a folder")?.to_owned())
}
