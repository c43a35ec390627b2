//! What clients of the systems this one replaces look for, so that they run unchanged: WebSocket connections and
//! addresses. The forms of their bodies are in [`validation::earlier`](crate::validation::earlier).

pub(crate) mod history;
pub(crate) mod sockets;
