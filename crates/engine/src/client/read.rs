//! Reads from an engine. Answers are returned unchanged, so that a program is shown
//! exactly what the API says.

use domain::OrderId;
use protocol::{EngineView, MarketView, StatisticsView};
use reqwest::StatusCode;
use serde_json::Value;

use super::{Client, HEALTH_WITHIN, pages::ORDERS};

impl Client {
    /// Orders that match the parameters of `GET /api/orders`, as a JSON array.
    ///
    /// # Errors
    /// When the engine cannot be reached or refuses.
    pub(crate) async fn orders(&self, query: &[(&str, String)]) -> anyhow::Result<String> {
        self.read(ORDERS, query).await
    }

    /// What a list without parameters holds, such as `/api/tokens`.
    ///
    /// # Errors
    /// When the engine cannot be reached or has no such list.
    pub(crate) async fn list(&self, path: &str) -> anyhow::Result<String> {
        self.read(path, &[]).await
    }

    /// An order in its current state.
    ///
    /// # Errors
    /// When the engine cannot be reached or the order is unknown.
    pub(crate) async fn order(&self, id: OrderId) -> anyhow::Result<String> {
        self.read(&format!("/api/orders/{id}"), &[]).await
    }

    /// The explanation of an order's execution.
    ///
    /// # Errors
    /// When the engine cannot be reached or the order is unknown.
    pub(crate) async fn explanation(&self, id: OrderId) -> anyhow::Result<String> {
        self.read(&format!("/api/orders/{id}/explain"), &[]).await
    }

    /// Resumes a parked order.
    ///
    /// # Errors
    /// When the engine cannot be reached, or the order is unknown or not parked.
    pub(crate) async fn resume(&self, id: OrderId) -> anyhow::Result<()> {
        let asked = self.http.post(self.endpoint.http(&format!("/api/orders/{id}/resume"))).send().await;
        self.answered(asked).await.map(drop)
    }

    /// The health report, also of an engine that is degraded.
    ///
    /// # Errors
    /// When nothing answers.
    pub(crate) async fn health(&self) -> anyhow::Result<Value> {
        let asked = self.http.get(self.endpoint.http("/health")).timeout(HEALTH_WITHIN);
        let answer = asked.send().await.map_err(|error| self.endpoint.unreachable(&error))?;
        let is_down = answer.status() == StatusCode::SERVICE_UNAVAILABLE;
        let answer = if is_down { answer } else { self.accepted(Ok(answer)).await? };
        Ok(answer.json().await.unwrap_or_default())
    }

    /// What the engine counted in the last five minutes.
    ///
    /// # Errors
    /// When the engine cannot be reached, or counts nothing because it is of an earlier version.
    pub(crate) async fn statistics(&self) -> anyhow::Result<StatisticsView<'static>> {
        Ok(serde_json::from_str(&self.read("/api/statistics", &[]).await?)?)
    }

    /// Version, settings, active orders and workers.
    ///
    /// # Errors
    /// When the engine cannot be reached, or is of an earlier version, which does not say.
    pub(crate) async fn engine(&self) -> anyhow::Result<EngineView<'static>> {
        Ok(serde_json::from_str(&self.read("/api/engine", &[]).await?)?)
    }

    /// What the engine trades on; `None` for one of an earlier version, which trades on paper.
    ///
    /// # Errors
    /// When nothing answers.
    pub(crate) async fn market(&self) -> anyhow::Result<Option<MarketView>> {
        let report = self.health().await?;
        Ok(serde_json::from_value(report["market"].clone()).ok())
    }

    pub(super) async fn read(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<String> {
        let asked = self.http.get(self.endpoint.http(path)).query(query).send().await;
        self.answered(asked).await
    }
}
