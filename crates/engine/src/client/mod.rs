//! Talks to an engine over HTTP and WebSocket, as any client would.

mod endpoint;
mod export;
mod find;
mod follow;
mod headers;
mod pages;
mod read;
mod refusal;
mod unreachable;
mod wallets;

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use domain::OrderId;
use protocol::OrderRef;
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderMap, LINK, LOCATION},
};
use serde_json::{Value, json};

pub(crate) use self::{
    endpoint::{Endpoint, Socket},
    headers::HeaderArgs,
    pages::Page,
    refusal::Refused,
    unreachable::Unreachable,
    wallets::{DEFAULT_WALLET, MoneyRequest, WALLETS},
};

/// How long an engine may take to report its health; another server on that port may never answer.
const HEALTH_WITHIN: Duration = Duration::from_secs(5);
const BROKEN_OFF: &str = "the engine's answer broke off";

/// An order to place. Amounts are decimal strings of whole tokens.
#[derive(Debug, Clone, Default)]
pub(crate) struct OrderRequest {
    pub(crate) token_in: String,
    pub(crate) token_out: String,
    pub(crate) amount_in: Option<String>,
    pub(crate) amount_out: Option<String>,
    pub(crate) slippage_bps: Option<u16>,
    pub(crate) min_amount_out: Option<String>,
    pub(crate) max_amount_in: Option<String>,
    pub(crate) wallet: Option<String>,
    pub(crate) expires_at: Option<String>,
    pub(crate) client_order_id: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) idempotency_key: Option<String>,
}

impl OrderRequest {
    /// As the API takes it, for an order as for quotes.
    fn body(&self) -> Value {
        let mut body = json!({ "tokenIn": self.token_in, "tokenOut": self.token_out });
        for (name, value) in [
            ("amountIn", self.amount_in.clone().map(Value::from)),
            ("amountOut", self.amount_out.clone().map(Value::from)),
            ("slippageBps", self.slippage_bps.map(Value::from)),
            ("minAmountOut", self.min_amount_out.clone().map(Value::from)),
            ("maxAmountIn", self.max_amount_in.clone().map(Value::from)),
            ("wallet", self.wallet.clone().map(Value::from)),
            ("expiresAt", self.expires_at.clone().map(Value::from)),
            ("clientOrderId", self.client_order_id.clone().map(Value::from)),
            ("tag", self.tag.clone().map(Value::from)),
        ] {
            if let Some(value) = value {
                body[name] = value;
            }
        }
        body
    }
}

/// An order that was placed.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) id: OrderId,
    /// What the API said.
    pub(crate) answer: String,
}

/// What an engine said.
struct Answer {
    text: String,
    headers: HeaderMap,
}

/// A client of one engine.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    endpoint: Endpoint,
}

impl Client {
    /// A client of the engine at an address such as `http://127.0.0.1:3000`. No redirect is followed: a
    /// repeated `POST` would become a `GET`, and headers might go to another server.
    ///
    /// # Errors
    /// When it is not a valid address.
    pub(crate) fn new(base: &str, headers: &HeaderArgs) -> anyhow::Result<Self> {
        let endpoint = Endpoint::parse(base, headers)?;
        if endpoint.exposes_token() {
            eprintln!("engine: warning: the token is sent unencrypted to {}: use https://", endpoint.base());
        }
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .default_headers(endpoint.headers().clone());
        // what a proxy calls localhost is another machine
        let http = if endpoint.is_local() { http.no_proxy() } else { http };
        // certificates are only needed, and looked for, where they are used
        let http = if endpoint.is_secure() { http } else { http.tls_certs_only([]) };
        let http = http.build().context("the system's certificates cannot be read; see SSL_CERT_FILE")?;
        Ok(Self { http, endpoint })
    }

    /// Where that engine is.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Whether an engine answers there.
    pub(crate) async fn is_alive(&self) -> bool {
        self.reach().await.is_ok()
    }

    /// Checks that an engine answers.
    ///
    /// # Errors
    /// When none answers.
    pub(crate) async fn reach(&self) -> anyhow::Result<()> {
        let asked = self.http.get(self.endpoint.http("/health/live")).timeout(HEALTH_WITHIN);
        self.answered(asked.send().await).await.map(drop)
    }

    /// The text of an answer.
    async fn answered(&self, asked: reqwest::Result<reqwest::Response>) -> anyhow::Result<String> {
        Ok(self.answer(asked).await?.text)
    }

    async fn answer(&self, asked: reqwest::Result<reqwest::Response>) -> anyhow::Result<Answer> {
        let answer = self.accepted(asked).await?;
        let headers = answer.headers().clone();
        Ok(Answer { text: answer.text().await.context(BROKEN_OFF)?, headers })
    }

    /// An answer that is no refusal.
    async fn accepted(&self, asked: reqwest::Result<reqwest::Response>) -> anyhow::Result<reqwest::Response> {
        let answer = asked.map_err(|error| self.endpoint.unreachable(&error))?;
        let status = answer.status();
        if status.is_success() {
            ensure!(is_data(&answer), self.endpoint.another(status));
            return Ok(answer);
        }
        if status.is_redirection() {
            let location =
                answer.headers().get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("elsewhere");
            bail!("{} redirects to {location}: use that engine's own address", self.endpoint.base());
        }
        let text = answer.text().await.context(BROKEN_OFF)?;
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) && !text.contains("\"code\"") {
            bail!("a proxy at {} refuses ({status}): see ENGINE_TOKEN and --header", self.endpoint.base());
        }
        Err(match Refused::read(status, &text) {
            Some(refused) => refused.into(),
            None => self.endpoint.another(status).into(),
        })
    }

    /// Places an order.
    ///
    /// # Errors
    /// When the engine cannot be reached or refuses the order; the message says why.
    pub(crate) async fn place(&self, order: &OrderRequest) -> anyhow::Result<Placed> {
        let mut request = self.http.post(self.endpoint.http("/api/orders/execute")).json(&order.body());
        if let Some(key) = &order.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let answer = self.answered(request.send().await).await.map_err(Refused::of_trade)?;
        let placed: OrderRef = serde_json::from_str(&answer).context("the engine's answer cannot be read")?;
        Ok(Placed { id: placed.order_id, answer })
    }

    /// What the venues would give for an order now, as the API has it.
    ///
    /// # Errors
    /// When the engine cannot be reached, refuses the order or gets no quote.
    pub(crate) async fn quotes(&self, order: &OrderRequest) -> anyhow::Result<String> {
        let asked = self.http.post(self.endpoint.http("/api/quotes")).json(&order.body()).send().await;
        self.answered(asked).await.map_err(Refused::of_trade)
    }

    /// Cancels the orders that match a filter, as the API has it; returns its answer.
    ///
    /// # Errors
    /// When the engine cannot be reached or refuses the filter.
    pub(crate) async fn cancel(&self, filter: &Value) -> anyhow::Result<String> {
        let asked = self.http.post(self.endpoint.http("/api/orders/cancel")).json(filter).send().await;
        self.answered(asked).await
    }
}

/// Whether an answer is what an engine gives: JSON or orders line by line. Other servers answer any address with a page.
fn is_data(answer: &reqwest::Response) -> bool {
    let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    !content_type.is_some_and(|content_type| content_type.starts_with("text/html"))
}
