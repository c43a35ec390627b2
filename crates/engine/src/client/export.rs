//! Exports.

use std::time::Duration;

use anyhow::Context;
use tokio::time::timeout;

use super::Client;

/// All of a large database takes a while.
const EXPORT_WITHIN: Duration = Duration::from_hours(24);
/// An engine that sends nothing for so long has gone.
const SILENCE: Duration = Duration::from_mins(1);
const BROKEN: &str = "the export broke off, so lines are missing";

impl Client {
    /// Calls `part` with each part of an export as comma-separated values, of what matches a filter.
    ///
    /// # Errors
    /// When the engine cannot be reached, refuses or breaks off, or `part` fails.
    pub(crate) async fn export(
        &self,
        path: &str,
        filter: &[(&str, String)],
        mut part: impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let asked = self.http.get(self.endpoint.http(path)).query(&[("format", "csv")]).query(filter);
        let asked = timeout(SILENCE, asked.timeout(EXPORT_WITHIN).send());
        let mut answer = self.accepted(asked.await.context("the engine does not answer")?).await?;
        loop {
            let next = timeout(SILENCE, answer.chunk()).await.context(BROKEN)?.context(BROKEN)?;
            let Some(bytes) = next else { return Ok(()) };
            part(&bytes)?;
        }
    }
}
