//! Ports for servers that stop and start again.

use std::{
    net::TcpListener,
    sync::atomic::{AtomicU16, Ordering},
};

/// Below the range that systems give to outgoing connections, so that the port of a stopped server
/// stays free until it starts again.
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 10_000;
static NEXT_PORT: AtomicU16 = AtomicU16::new(0);

/// A free port. Processes begin at different places, so that tests which run side by
/// side rarely meet.
pub fn free() -> u16 {
    let start = u16::try_from(std::process::id().wrapping_mul(97) % u32::from(PORTS)).unwrap_or(0);
    loop {
        let offset = start.wrapping_add(NEXT_PORT.fetch_add(1, Ordering::Relaxed)) % PORTS;
        if TcpListener::bind(("127.0.0.1", FIRST_PORT + offset)).is_ok() {
            return FIRST_PORT + offset;
        }
    }
}
