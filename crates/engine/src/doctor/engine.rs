//! The engine that commands talk to.

use protocol::OrderView;
use serde_json::Value;

use super::Finding;
use crate::client::{Client, Unreachable};

const CHECK: &str = "engine";

/// Parked orders that are requested: one page.
const LISTED: u32 = 200;
/// Parked orders that are named.
const NAMED: usize = 3;

/// Parked orders, if there are any.
pub(super) async fn parked(engine: &Client) -> Option<Finding> {
    let answer = engine.orders(&[("parked", "true".to_owned()), ("limit", LISTED.to_string())]).await.ok()?;
    let parked: Vec<OrderView<'_>> = serde_json::from_str(&answer).ok()?;
    let first = parked.first()?.id;
    let named: Vec<String> = parked.iter().map(|order| order.id.to_string()).take(NAMED).collect();
    let more = if parked.len() > NAMED { ", …" } else { "" };
    let count = if parked.len() == LISTED as usize { "at least " } else { "" };
    let found =
        format!("{count}{} parked after five lost claims in a row: {}{more}", parked.len(), named.join(", "));
    let advice = format!("find out why its workers died (see their logs), then run: engine resume {first}");
    Some(Finding::warning("orders", found, advice))
}

/// Asks the engine for its health. That none runs is a problem only if its address was given.
pub(super) async fn health(engine: &Client, is_named: bool) -> Finding {
    let error = match engine.health().await {
        Ok(report) => return judge(engine.endpoint().base(), &report),
        Err(error) => error,
    };
    let found = match error.downcast_ref::<Unreachable>() {
        Some(unreachable) if is_named || !unreachable.is_nothing() => unreachable.in_short(),
        Some(unreachable) => return Finding::hint(CHECK, unreachable.in_short(), "start one with: engine"),
        None => format!("{error:#}"),
    };
    Finding::problem(CHECK, found, "start it there, or correct ENGINE_URL or --url")
}

fn judge(place: &str, report: &Value) -> Finding {
    let part = |name: &str| report[name].as_str().unwrap_or("unknown").to_owned();
    let parts = ["store", "queue", "bus", "feed", "admission"].map(|name| format!("{name} {}", part(name)));
    let workers = report["workers"].as_u64().map_or_else(|| "unknown".to_owned(), |count| count.to_string());
    let found = format!("{} at {place}: {}, workers {workers}", part("status"), parts.join(", "));
    match part("status").as_str() {
        "ok" => Finding::ok(CHECK, found),
        "degraded" if part("admission") == "closed" => {
            Finding::warning(CHECK, found, "start more workers, or raise MAX_IN_FLIGHT_ORDERS")
        }
        "degraded" if part("feed") == "degraded" => {
            let advice = "end the transaction that stays open in PostgreSQL's server; see feed above";
            Finding::warning(CHECK, found, advice)
        }
        "degraded" if report["workers"] == 0 => {
            Finding::warning(CHECK, found, "orders wait until a worker runs: start order-worker")
        }
        "degraded" => Finding::warning(CHECK, found, "orders start or appear late: check its Redis"),
        "down" => Finding::problem(CHECK, found, "no order can be accepted: check its database"),
        _ => Finding::problem(
            CHECK,
            format!("something else answers at {place}"),
            "correct ENGINE_URL or --url",
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doctor::Level;

    #[test]
    fn an_engine_is_as_well_as_it_says() {
        let judged_with = |status: &str, admission: &str, workers: Option<u32>| {
            let report = json!({
                "status": status, "store": "ok", "queue": "ok", "workers": workers, "bus": "ok", "feed": "ok",
                "admission": admission,
            });
            judge("http://here", &report)
        };
        let judged = |status: &str, admission: &str| judged_with(status, admission, Some(2));
        assert_eq!(
            judged("ok", "open"),
            Finding::ok(
                CHECK,
                "ok at http://here: store ok, queue ok, bus ok, feed ok, admission open, workers 2"
            )
        );
        assert_eq!(judged("degraded", "open").status, Level::Warning);
        assert!(judged_with("degraded", "open", Some(0)).advice.unwrap().contains("order-worker"));
        assert!(judged_with("degraded", "open", None).found.contains("workers unknown"));
        assert!(judged("degraded", "closed").advice.unwrap().contains("MAX_IN_FLIGHT_ORDERS"));
        assert_eq!(judged("down", "open").status, Level::Problem);
        assert_eq!(judge("http://here", &json!({})).status, Level::Problem);
    }
}
