//! Every server over TLS, with certificates of an authority that only `SSL_CERT_FILE` names.

use testkit::{
    PostgresServer, eventually,
    redis::TestRedis,
    tls::{Certificates, TlsProxy},
};

use crate::{
    support::Services,
    traces::{collector, has_span},
};

#[tokio::test(flavor = "multi_thread")]
async fn orders_execute_over_tls_to_every_server() {
    let certificates = Certificates::new();
    let authority = certificates.authority().display().to_string();
    let postgres = PostgresServer::start_with_tls(&certificates).await;
    let (collector, spans) = collector().await;
    let port = collector.rsplit(':').next().unwrap().parse().unwrap();
    let collector = TlsProxy::start(port, &certificates).await;
    let traces = format!("https://localhost:{}", collector.port());
    let services = Services {
        database_url: format!(
            "postgres://postgres@localhost:{}/postgres?sslmode=verify-full",
            postgres.port()
        ),
        redis: TestRedis::start_with_tls(certificates).await,
    };
    let redis = services.redis.tls_url();
    let settings = [
        ("REDIS_URL", redis.as_str()),
        ("SSL_CERT_FILE", authority.as_str()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", traces.as_str()),
        ("SIM_PRESET", "instant"),
    ];
    let (mut api, mut worker) = (services.api(&settings).await, services.worker(&settings).await);
    let order = api.place("over-tls").await;
    assert_eq!(api.follow(&order).await.last().unwrap()["status"], "confirmed");
    let health = api.health().await;
    assert_eq!(
        (&health["store"], &health["queue"], &health["bus"]),
        (&"ok".into(), &"ok".into(), &"ok".into())
    );
    assert_eq!(health["workers"], 1, "the queue brought the order, not the sweeper alone");
    assert!(api.terminate() && worker.terminate());
    let trace = order.replace('-', "");
    eventually("the trace arrives", async || has_span(&spans, &trace, "order-worker", "execute")).await;

    let url = services.database_url.clone();
    let trusted = |authority: Option<&str>| Services::doctor(&url, &redis, authority);
    let (is_well, found) = trusted(Some(&authority));
    assert!(is_well, "{found}");
    let (is_well, found) = trusted(None);
    assert!(!is_well, "{found}");
    for server in ["database", "redis"] {
        let line = found.lines().find(|line| line.contains(&format!("problem  {server}"))).unwrap_or(&found);
        assert!(line.contains("UnknownIssuer"), "{server} has an unknown authority: {line}");
    }
}
