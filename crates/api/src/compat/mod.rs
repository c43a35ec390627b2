//! The WebSocket connections of the systems this one replaces, so that their clients run unchanged. The forms of their
//! bodies are in [`validation::earlier`](crate::validation::earlier).

pub(crate) mod sockets;
