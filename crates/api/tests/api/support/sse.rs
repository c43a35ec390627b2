use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use testkit::sse::SseParser;

/// A client of Server-Sent Events.
pub(crate) struct EventSource {
    response: Response,
    parser: SseParser,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) data: Value,
}

impl EventSource {
    /// Sends a request that must be answered with a stream.
    pub(crate) async fn open(request: RequestBuilder) -> Self {
        let response = request.header("accept", "text/event-stream").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, parser: SseParser::default() }
    }

    /// The next one that is of this kind; `None` once the answer has ended.
    pub(crate) async fn next(&mut self, event: &str) -> Option<Sent> {
        loop {
            while let Some(sent) = self.parser.next_event() {
                if sent.event == event {
                    return Some(Sent { id: sent.id, data: serde_json::from_str(&sent.data).unwrap() });
                }
            }
            self.parser.push(&self.response.chunk().await.ok()??);
        }
    }

    /// The next events.
    pub(crate) async fn events(&mut self, count: usize) -> Vec<Sent> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.next("event").await.expect("another event"));
        }
        events
    }
}
