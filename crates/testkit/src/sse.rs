//! Server-Sent Events as a client reads them.

/// Reads a stream of Server-Sent Events piece by piece.
#[derive(Debug, Default)]
pub struct SseParser {
    unread: Vec<u8>,
}

/// One of them; a field that was not sent is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SentEvent {
    pub event: String,
    pub id: String,
    pub data: String,
}

impl SseParser {
    /// Takes what arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
    }

    /// The next event that has arrived whole.
    pub fn next_event(&mut self) -> Option<SentEvent> {
        let end = self.unread.windows(2).position(|window| window == b"\n\n")?;
        let block: Vec<u8> = self.unread.drain(..end + 2).collect();
        let mut sent = SentEvent::default();
        for line in String::from_utf8_lossy(&block).lines() {
            match line.split_once(": ") {
                Some(("event", value)) => value.clone_into(&mut sent.event),
                Some(("id", value)) => value.clone_into(&mut sent.id),
                Some(("data", value)) => sent.data.push_str(value),
                _ => {}
            }
        }
        Some(sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_whole_however_they_arrive() {
        let text = b"event: one\nid: 1\ndata: {\"a\": 2}\n\n: a comment\n\nevent: two\ndata: x\n\nevent: thr";
        for size in [1, 3, 7, text.len()] {
            let mut parser = SseParser::default();
            let mut events = Vec::new();
            for piece in text.chunks(size) {
                parser.push(piece);
                events.extend(std::iter::from_fn(|| parser.next_event()));
            }
            let sent = |event: &str, id: &str, data: &str| SentEvent {
                event: event.into(),
                id: id.into(),
                data: data.into(),
            };
            assert_eq!(events, [sent("one", "1", "{\"a\": 2}"), sent("", "", ""), sent("two", "", "x")]);
        }
    }
}
