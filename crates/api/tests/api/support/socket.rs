use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, Utf8Bytes},
};

/// A WebSocket client.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn open(url: &str) -> Self {
        Self(Box::pin(connect_async(url)).await.unwrap().0)
    }

    pub(crate) async fn send(&mut self, message: impl ToString) {
        self.0.send(Message::Text(message.to_string().into())).await.unwrap();
    }

    /// The next message as text, or the close code.
    pub(crate) async fn next_text(&mut self) -> Result<Utf8Bytes, u16> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text),
                Some(Ok(Message::Close(frame))) => return Err(frame.expect("a close code").code.into()),
                Some(Ok(_)) => {}
                other => panic!("ended without a close frame: {other:?}"),
            }
        }
    }

    /// Waits for a ping.
    pub(crate) async fn next_ping(&mut self) {
        let next = self.0.next().await;
        assert!(matches!(next, Some(Ok(Message::Ping(_)))), "{next:?}");
    }

    /// The next message, which must be one.
    pub(crate) async fn next(&mut self) -> Value {
        serde_json::from_str(&self.next_text().await.expect("a message, not a close")).unwrap()
    }

    /// All messages to the end, and the close code.
    pub(crate) async fn rest(&mut self) -> (Vec<Value>, u16) {
        let mut messages = Vec::new();
        loop {
            match self.next_text().await {
                Ok(text) => messages.push(serde_json::from_str(&text).unwrap()),
                Err(code) => return (messages, code),
            }
        }
    }

    /// All messages until the connection ends, however it does: there may be no room for a close frame.
    pub(crate) async fn drain(mut self) -> Vec<Value> {
        let mut messages = Vec::new();
        while let Some(Ok(message)) = self.0.next().await {
            if let Message::Text(text) = message {
                messages.push(serde_json::from_str(&text).unwrap());
            }
        }
        messages
    }

    /// The close code, with no message before it.
    pub(crate) async fn close_code(&mut self) -> u16 {
        self.next_text().await.expect_err("a close, not a message")
    }

    pub(crate) async fn close(mut self) {
        self.0.close(None).await.unwrap();
    }
}
