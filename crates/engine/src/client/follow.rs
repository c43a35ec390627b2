//! Follows one order to its end.

use std::time::Duration;

use anyhow::bail;
use domain::OrderId;
use futures::StreamExt;
use protocol::{EventBody, StreamMessage};
use tokio_tungstenite::tungstenite::{self, Message};

use super::Client;

/// The wait between attempts to reach an engine that went away.
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);
/// Attempts to reach an engine that went away, in a row.
const RECONNECTS: u32 = 120;

impl Client {
    /// Calls `seen` with every event of an order after `after` and the message it came in, in order and
    /// once each, until the order has ended. Reconnects and resumes when the connection breaks.
    ///
    /// # Errors
    /// When the order is unknown, the engine stays away or `seen` fails.
    pub(crate) async fn follow(
        &self,
        id: OrderId,
        mut after: u32,
        mut seen: impl FnMut(&EventBody<'_>, &str) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut failures = 0;
        loop {
            let path = format!("/api/orders/execute?orderId={id}&after={after}");
            match self.endpoint.websocket(&path).await {
                Ok(mut socket) => {
                    while let Some(Ok(message)) = socket.next().await {
                        let Message::Text(text) = message else { continue };
                        let message: StreamMessage<'_> = serde_json::from_str(&text)?;
                        match message {
                            StreamMessage::Event { body, .. } => {
                                if body.seq > after {
                                    after = body.seq;
                                    seen(&body, &text)?;
                                }
                                failures = 0;
                            }
                            StreamMessage::End { .. } => return Ok(()),
                            StreamMessage::Error { problem, .. } => bail!("{}", problem.detail),
                            _ => {}
                        }
                    }
                }
                Err(tungstenite::Error::Http(answer)) if answer.status().is_client_error() => {
                    bail!("the stream of order {id} is refused ({})", answer.status())
                }
                Err(error) if failures >= RECONNECTS => {
                    return Err(self.endpoint.unreachable(&error).into());
                }
                Err(_) => {}
            }
            failures += 1;
            tokio::time::sleep(RECONNECT_PAUSE).await;
        }
    }
}
