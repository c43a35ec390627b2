//! Host names.

use std::net::IpAddr;

/// Whether a host, in lower case and without a port, is this machine: `localhost`, a name under it, or a
/// loopback address, an IPv6 one in brackets or bare.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
