//! Asks a process of this machine whether it is ready: the health check of containers, whose images hold
//! nothing but the program.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, ensure};

const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the process that listens on `port` of this machine whether it is ready.
///
/// # Errors
/// When nothing answers within two seconds, or the answer is anything but `200`.
pub fn ask_ready(port: u16) -> anyhow::Result<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)
        .with_context(|| format!("nothing listens on {address}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut status_line = [0; 12];
    stream.read_exact(&mut status_line).context("no answer")?;
    ensure!(&status_line == b"HTTP/1.1 200", "it is not ready");
    Ok(())
}
