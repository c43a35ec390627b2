//! What Prometheus scrapes.

use serde_json::json;
use testkit::eventually;

use crate::support::{Process, Services};

/// What a process counts, as samples.
struct Samples(Vec<(String, f64)>);

impl Samples {
    async fn of(process: &Process) -> Self {
        let samples = process.metrics().await;
        let samples = samples.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        Self(samples.collect())
    }

    /// The sum of the samples of a name that have all these labels.
    fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let is_meant = |sample: &str| {
            sample.split('{').next() == Some(name) && labels.iter().all(|label| sample.contains(label))
        };
        self.0.iter().filter(|(sample, _)| is_meant(sample)).map(|(_, value)| value).sum()
    }

    fn counts(&self, name: &str, labels: &[&str], count: u32) {
        let sum = self.sum(name, labels);
        assert!((sum - f64::from(count)).abs() < f64::EPSILON, "{name}{labels:?} is {sum}, not {count}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn api_and_worker_count_what_happens_to_orders() {
    let services = Services::new().await;
    let settings = [("SIM_PRESET", "instant")];
    let (api, worker) = (services.api(&settings).await, services.worker(&settings).await);
    for number in 0..5 {
        api.place(&format!("metrics-{number}")).await;
    }
    assert_eq!(api.ask("metrics-0").await.unwrap().status(), 200);
    let ended = async || Samples::of(&worker).await.sum("engine_order_seconds_count", &[]) >= 5.0;
    eventually("five orders ended", ended).await;

    let is_empty = async || {
        let health = api.health().await;
        (&health["queueDepth"], &health["workers"]) == (&json!(0), &json!(1))
    };
    eventually("an empty queue and its worker", is_empty).await;
    let rests = async || {
        let samples = Samples::of(&worker).await;
        ["engine_executions_running", "engine_queue_depth"].iter().all(|name| samples.sum(name, &[]) == 0.0)
    };
    eventually("a worker at rest that has seen the queue so", rests).await;
    let samples = Samples::of(&api).await;
    samples.counts("engine_orders_accepted_total", &[], 5);
    samples.counts("engine_orders_replayed_total", &[], 1);
    samples.counts("engine_orders_in_flight", &[], 0);
    let placed = ["method=\"POST\"", "route=\"/api/orders/execute\"", "status=\"201\""];
    samples.counts("engine_http_request_seconds_count", &placed, 5);
    samples.counts("engine_store_seconds_count", &["operation=\"accept\""], 6);
    assert!(samples.sum("engine_redis_seconds_count", &["part=\"queue\""]) >= 1.0);

    let samples = Samples::of(&worker).await;
    samples.counts("engine_order_step_seconds_count", &["event=\"confirmed\""], 5);
    samples.counts("engine_attempts_total", &["state=\"unresolved\""], 5);
    samples.counts("engine_attempts_total", &["state=\"landed\""], 5);
    samples.counts("engine_venue_answers_total", &["outcome=\"quoted\""], 10);
    samples.counts("engine_venue_wins_total", &[], 5);
    samples.counts("engine_executions_total", &["outcome=\"confirmed\""], 5);
    samples.counts("engine_executions_running", &[], 0);
    samples.counts("engine_orders_failed_total", &[], 0);
    samples.counts("engine_queue_depth", &[], 0);
    assert!(samples.sum("engine_store_group_writes_count", &[]) >= 1.0);
    let looked = async || Samples::of(&worker).await.sum("engine_queue_workers", &[]) >= 1.0;
    eventually("the worker looks at the queue since it takes from it", looked).await;
    Samples::of(&api).await.counts("engine_queue_workers", &[], 1);
}
