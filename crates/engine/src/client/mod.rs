//! Talks to an engine over HTTP and WebSocket, as any client would.

mod follow;
mod read;

use std::time::Duration;

use anyhow::{Context, bail};
use domain::OrderId;
use infra::host::is_loopback;
use serde::Deserialize;
use serde_json::{Value, json};

/// How long an engine may take to say how it is; what else listens there may never answer.
const HEALTH_WITHIN: Duration = Duration::from_secs(5);

/// An order to place. Amounts are decimal strings of whole tokens.
#[derive(Debug, Clone, Default)]
pub(crate) struct OrderRequest {
    pub(crate) token_in: String,
    pub(crate) token_out: String,
    pub(crate) amount_in: Option<String>,
    pub(crate) amount_out: Option<String>,
    pub(crate) slippage_bps: Option<u16>,
    pub(crate) client_order_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Placed {
    order_id: OrderId,
}

/// A client of one engine.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
}

/// Whether an address leads to this machine.
fn is_local(base: &str) -> bool {
    reqwest::Url::parse(base).is_ok_and(|url| url.host_str().is_some_and(is_loopback))
}

impl Client {
    /// A client of the engine at `base`, such as `http://127.0.0.1:3000`.
    pub(crate) fn new(base: &str) -> anyhow::Result<Self> {
        if !base.starts_with("http://") {
            bail!("the engine's address must begin with http://, not {base}");
        }
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30));
        // what a proxy calls localhost is another machine
        let http = if is_local(base) { http.no_proxy() } else { http }.build()?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned() })
    }

    /// Where that engine is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Whether an engine answers there.
    pub(crate) async fn is_alive(&self) -> bool {
        let asked = self.http.get(format!("{}/health/live", self.base)).timeout(HEALTH_WITHIN);
        let answer = asked.send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Does nothing where an engine answers.
    ///
    /// # Errors
    /// When none does.
    pub(crate) async fn reach(&self) -> anyhow::Result<()> {
        if !self.is_alive().await {
            bail!("no engine answers at {}", self.base);
        }
        Ok(())
    }

    /// Places an order.
    ///
    /// # Errors
    /// When the engine cannot be reached or denies the order; the message says why.
    pub(crate) async fn place(&self, order: &OrderRequest) -> anyhow::Result<OrderId> {
        let mut body = json!({ "tokenIn": order.token_in, "tokenOut": order.token_out });
        for (name, value) in [
            ("amountIn", order.amount_in.clone().map(Value::from)),
            ("amountOut", order.amount_out.clone().map(Value::from)),
            ("slippageBps", order.slippage_bps.map(Value::from)),
            ("clientOrderId", order.client_order_id.clone().map(Value::from)),
        ] {
            if let Some(value) = value {
                body[name] = value;
            }
        }
        let url = format!("{}/api/orders/execute", self.base);
        let answer = self
            .http
            .post(url)
            .json(&body)
            .send()
            .await
            .with_context(|| format!("no engine answers at {}", self.base))?;
        if answer.status().is_success() {
            Ok(answer.json::<Placed>().await.context("the engine's answer cannot be read")?.order_id)
        } else {
            let status = answer.status();
            let problem: Value = answer.json().await.unwrap_or_default();
            bail!("denied ({status}): {}", explain_problem(&problem))
        }
    }
}

/// The readable part of a problem document: every field error, or else its detail.
fn explain_problem(problem: &Value) -> String {
    let fields: Vec<String> = problem["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| {
            format!("{} {}", error["field"].as_str().unwrap_or(""), error["message"].as_str().unwrap_or(""))
        })
        .collect();
    if !fields.is_empty() {
        return fields.join("; ");
    }
    let text = |name: &str| problem[name].as_str().map(str::to_owned);
    text("detail").or_else(|| text("error")).unwrap_or_else(|| "no reason given".to_owned())
}
