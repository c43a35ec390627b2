//! The trace collector.

use std::time::Duration;

use telemetry::LogConfig;

use super::Finding;

const CHECK: &str = "traces";
const PATIENCE: Duration = Duration::from_secs(5);

/// Checks that the trace collector answers. `None` if tracing is off.
pub(super) async fn collector(settings: &LogConfig) -> Option<Finding> {
    let endpoint = settings.otel_exporter_otlp_endpoint.as_deref()?;
    let place = place(endpoint);
    // Any answer will do: no trace is sent.
    let asked = match reqwest::Client::builder().timeout(PATIENCE).build() {
        Ok(http) => http.get(endpoint).send().await,
        Err(error) => Err(error),
    };
    Some(if asked.is_ok() {
        Finding::ok(CHECK, format!("a server answers at {place}"))
    } else {
        let advice = "start a collector there, or correct OTEL_EXPORTER_OTLP_ENDPOINT; orders run without it";
        Finding::warning(CHECK, format!("nothing answers at {place}"), advice)
    })
}

/// Host and port; the rest may hold a password.
fn place(endpoint: &str) -> String {
    let url = reqwest::Url::parse(endpoint).ok();
    let place = url.and_then(|url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?)));
    place.unwrap_or_else(|| "the endpoint".to_owned())
}
