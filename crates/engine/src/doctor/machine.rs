//! Limits of this machine.

use std::{fs, net::TcpListener};

use api::ApiConfig;

use super::Finding;
use crate::{cli::ServeArgs, client::Client};

const PORT: &str = "port";
const FILES: &str = "open files";

/// Open files of a process besides its connections: logs, libraries, the database's own.
const OTHER_FILES: u64 = 64;
/// The part of the connections that may be missing.
const FEWER: u64 = 10;

/// Whether the port is free, or an engine has it.
pub(super) async fn port(settings: &ApiConfig, own: &Client) -> Finding {
    let ApiConfig { host, port, .. } = settings;
    let at = format!("{host}:{port}");
    let error = match TcpListener::bind((host.as_str(), *port)) {
        Ok(_) if *port == 0 => return Finding::ok(PORT, "0: any free port"),
        Ok(_) => return Finding::ok(PORT, format!("{at} is free")),
        Err(error) => error,
    };
    if own.is_alive().await {
        return Finding::ok(PORT, format!("{at} is used by a running engine"));
    }
    let advice = "stop what listens there, or choose another PORT or HOST";
    Finding::problem(PORT, format!("{at} is not available: {error}"), advice)
}

/// Whether the limit of open files allows the configured connections. Nothing is reported where the system has no such
/// limit.
pub(super) fn open_files(settings: &ServeArgs) -> Option<Finding> {
    let allowed = allowed_files(&fs::read_to_string("/proc/self/limits").ok()?)?;
    let api = &settings.api;
    let wanted = u64::from(api.api_max_connections)
        + u64::from(settings.backend.database_max_connections)
        + OTHER_FILES;
    // the engine takes fewer connections then, which matters only if it is many fewer
    if allowed >= wanted - u64::from(api.api_max_connections) / FEWER {
        return Some(Finding::ok(FILES, format!("{allowed} allowed, {wanted} may be needed")));
    }
    let advice = format!("ulimit -Hn {wanted}, or lower API_MAX_CONNECTIONS");
    let found = format!("{allowed} allowed, but {wanted} may be needed");
    Some(Finding::warning(FILES, found, advice))
}

/// The hard limit of `/proc/self/limits`: the engine raises the soft one to it.
fn allowed_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().nth(1)? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hard_limit_is_read() {
        let limits = |value| format!("Limit  Soft Limit\nMax open files            1024   {value}   files\n");
        assert_eq!(allowed_files(&limits("524288")), Some(524_288));
        assert_eq!(allowed_files(&limits("unlimited")), Some(u64::MAX));
        assert_eq!(allowed_files("nothing of the kind"), None);
    }
}
