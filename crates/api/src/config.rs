//! Settings of the API.

use std::{net::IpAddr, time::Duration};

use axum::http::{Uri, uri::Authority};
use clap::{ArgAction, Args};
use domain::{Amount, Bps};

use crate::{access::Access, validation::MAX_SLIPPAGE};

/// Connections beyond the limit that are answered one request each: health as usual, all else with 503.
pub(crate) const RESERVED_CONNECTIONS: usize = 32;

/// Pairs that are recorded unless others are configured.
const PRICE_PAIRS: &str = "SOL/USDC,SOL/USDT,JUP/USDC,BONK/USDC";
const NO_PAIRS: &str = "none";

/// Opening balances of the default wallet: some of every token that the simulated market lists.
const PAPER_BALANCES: &str = "SOL=10000,USDC=1500000,USDT=1500000,JUP=200000,RAY=50000,BONK=10000000000,JTO=60000,\
    PYTH=600000,WIF=150000,mSOL=800,JitoSOL=800,ORCA=50000,HNT=35000,W=1200000";

/// The API's part of the configuration: each value is an environment variable and a flag.
#[derive(Debug, Clone, Args)]
pub struct ApiConfig {
    /// Address or name to listen on; beyond loopback only with `ALLOW_UNAUTHENTICATED`
    #[arg(long, env = "HOST", default_value = "127.0.0.1")]
    pub host: String,
    /// Port to listen on; 0 takes a free one
    #[arg(long, env = "PORT", default_value_t = 3000)]
    pub port: u16,
    /// Where clients reach the API, such as `https://api.example.com`, for the addresses in replies;
    /// without it they follow the request's `Host`
    #[arg(long, env = "PUBLIC_URL", value_parser = public_url)]
    pub public_url: Option<String>,
    /// Lets other machines use the engine, which has no access keys: only behind a proxy that authenticates
    /// its clients
    #[arg(long, env = "ALLOW_UNAUTHENTICATED", action = ArgAction::Set, num_args = 0..=1, default_value_t = false, default_missing_value = "true")]
    pub allow_unauthenticated: bool,
    /// Host names, separated by commas, that requests may use besides those of this machine and of
    /// `PUBLIC_URL`; beyond loopback any, unless some are listed
    #[arg(long, env = "ALLOWED_HOSTS", value_delimiter = ',', value_parser = host_name)]
    pub allowed_hosts: Vec<String>,
    /// Origins of web pages, separated by commas, that may use the engine besides its own, such as
    /// `https://app.example.com`
    #[arg(long, env = "CORS_ORIGINS", value_delimiter = ',', value_parser = origin)]
    pub cors_origins: Vec<String>,
    /// Largest body of a request and largest message of a WebSocket, bytes
    #[arg(long, env = "API_MAX_BODY_BYTES", default_value_t = 65_536, value_parser = clap::value_parser!(u32).range(1_024..=1_048_576))]
    pub api_max_body_bytes: u32,
    /// TCP connections that are served at once, streams included; more are answered with 503 (`/health`
    /// as usual). Lowered when the limit of open files is too low for it
    #[arg(long, env = "API_MAX_CONNECTIONS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub api_max_connections: u32,
    /// Streams that are open at once, at most 90 % of the connections; more are refused
    #[arg(long, env = "API_MAX_STREAMS", default_value_t = 9_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub api_max_streams: u32,
    /// How long a connection may wait for its next request, seconds; longer than the proxy in front keeps
    /// its connections, or some of its requests fail
    #[arg(long, env = "API_KEEP_ALIVE_SECONDS", default_value_t = 75, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub api_keep_alive_seconds: u32,
    /// Most orders in flight, of all accounts together; more are refused with 503 until some
    /// have been executed
    #[arg(long, env = "MAX_IN_FLIGHT_ORDERS", default_value_t = 25_000, value_parser = clap::value_parser!(u32).range(10..=10_000_000))]
    pub max_in_flight_orders: u32,
    /// Most orders of an account that wait for the market (status `open` or `held`) and are not in flight
    #[arg(long, env = "MAX_OPEN_ORDERS_PER_ACCOUNT", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub max_open_orders_per_account: u32,
    /// Largest slippage that an order may allow, basis points
    #[arg(long, env = "MAX_SLIPPAGE_BPS", default_value_t = MAX_SLIPPAGE.0, value_parser = clap::value_parser!(u16).range(1..=5_000))]
    pub max_slippage_bps: u16,
    /// How long `/api/quotes` waits for venues, milliseconds
    #[arg(long, env = "API_QUOTE_TIMEOUT_MS", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=30_000))]
    pub api_quote_timeout_ms: u32,
    /// Pairs, separated by commas, whose prices are recorded for charts; `none` for none
    #[arg(long, env = "PRICE_PAIRS", value_delimiter = ',', value_parser = pair, default_value = PRICE_PAIRS)]
    pub price_pairs: Vec<String>,
    /// How often a pair that somebody watches is quoted, milliseconds
    #[arg(long, env = "PRICE_INTERVAL_MS", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(100..=60_000))]
    pub price_interval_ms: u32,
    /// How long recorded prices are kept, days
    #[arg(long, env = "PRICE_HISTORY_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub price_history_days: u32,
    /// Opening balances of the default paper wallet, and of resets that name none: `TOKEN=AMOUNT` in whole tokens,
    /// separated by commas; some of every token by default
    #[arg(long, env = "PAPER_BALANCES", value_delimiter = ',', value_parser = balance, default_value = PAPER_BALANCES, hide_default_value = true)]
    pub paper_balances: Vec<(String, String)>,
    /// How long the push of a new order to the queue may take before the sweeper delivers it,
    /// milliseconds
    #[arg(long, env = "PUSH_GRACE_MS", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(100..=600_000))]
    pub push_grace_ms: u32,
}

impl ApiConfig {
    /// Where a client on this machine reaches the API.
    pub fn local_url(&self) -> String {
        match self.host.parse() {
            Ok(IpAddr::V4(host)) if host.is_unspecified() => format!("http://127.0.0.1:{}", self.port),
            Ok(IpAddr::V6(host)) if host.is_unspecified() => format!("http://[::1]:{}", self.port),
            Ok(IpAddr::V6(host)) => format!("http://[{host}]:{}", self.port),
            _ => format!("http://{}:{}", self.host, self.port),
        }
    }

    /// The access rules of an engine that listens on this address.
    pub fn access(&self, address: IpAddr) -> Access {
        Access {
            any_host: !address.is_loopback() && self.allowed_hosts.is_empty(),
            hosts: self.allowed_hosts.clone(),
            origins: self.cors_origins.clone(),
            public_url: self.public_url.clone(),
        }
    }
}

/// Two tokens, or the word for no pair at all.
fn pair(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.split_once('/') {
        Some((base, quote)) if !base.trim().is_empty() && !quote.trim().is_empty() => Ok(text.to_owned()),
        None if text == NO_PAIRS => Ok(text.to_owned()),
        _ => Err("must be two tokens, such as SOL/USDC".to_owned()),
    }
}

/// A token and how much of it. What depends on the token is checked at startup: [`crate::check`].
fn balance(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').map(|(token, amount)| (token.trim(), amount.trim()));
    let (token, amount) = parts
        .filter(|(token, amount)| !token.is_empty() && !amount.is_empty())
        .ok_or_else(|| "must be a token and an amount, such as SOL=1000".to_owned())?;
    // rounded up, because the decimal places of the token are not known here
    Amount::parse_rounded_up(amount, 0).map_err(|error| format!("the amount {error}"))?;
    Ok((token.to_owned(), amount.to_owned()))
}

/// A host name without a port; an IPv6 address in brackets, as in a `Host` header.
fn host_name(text: &str) -> Result<String, String> {
    let text = text.trim().to_ascii_lowercase();
    let authority: Authority = text.parse().map_err(|_| "is not a host name".to_owned())?;
    if authority.host() == text { Ok(text) } else { Err("must be a name without a port".to_owned()) }
}

/// Scheme, host and port if it is not the scheme's own, as browsers write it.
fn origin(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/').to_ascii_lowercase();
    let wrong = || "must be an origin such as https://app.example.com, without a path".to_owned();
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) if text == format!("{scheme}://{authority}") => Ok(text),
        _ => Err(wrong()),
    }
}

/// Scheme and host in lower case, no slash at the end.
fn public_url(text: &str) -> Result<String, String> {
    let uri: Uri = text.trim_end_matches('/').parse().map_err(|error| format!("is not a URL: {error}"))?;
    let authority = uri.authority().map(|authority| authority.as_str().to_ascii_lowercase());
    match (uri.scheme_str(), authority, uri.query()) {
        // a URI of this library has no fragment, it is dropped
        (Some(scheme @ ("http" | "https")), Some(authority), None) if !text.contains('#') => {
            Ok(format!("{scheme}://{authority}{}", uri.path().trim_end_matches('/')))
        }
        _ => Err("must begin with http:// or https:// and have neither query nor fragment".to_owned()),
    }
}

/// Limits of everything the API holds or waits for.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest body of a request and largest message of a WebSocket, bytes.
    pub max_body_bytes: usize,
    /// TCP connections that are served at once, streams included.
    pub max_connections: usize,
    /// Maximum number of open streams of all kinds.
    pub max_streams: usize,
    /// Exports that run at once; more are refused.
    pub max_exports: usize,
    /// Pages of orders that exports and summaries read at once.
    pub max_scans: usize,
    /// Maximum number of orders in flight of all accounts together; more are refused.
    pub max_in_flight: u32,
    /// Maximum number of resting orders of an account.
    pub max_resting: u32,
    /// Largest slippage that an order may allow.
    pub max_slippage: Bps,
    /// Orders that one request may cancel.
    pub max_cancels: usize,
    /// Orders of this process that are on their way into the store at once; more are refused.
    pub max_accepts: usize,
    /// How long the head of a request may take from its first byte, and the first one from the connection
    /// on.
    pub headers_within: Duration,
    /// How long a connection may wait for its next request.
    pub keep_alive: Duration,
    /// How long the body of a request may take.
    pub body_within: Duration,
    /// How long the store may take to answer a request.
    pub store_within: Duration,
    /// How long venues may take to quote.
    pub quotes_within: Duration,
    /// How often a pair that somebody watches is quoted.
    pub price_every: Duration,
    /// Names of the pairs whose prices are recorded.
    pub price_pairs: Vec<String>,
    /// How long recorded prices are kept.
    pub keep_prices: Duration,
    /// How long queue and store may take to report their health.
    pub health_within: Duration,
    /// Opening balances of the default wallet: tokens and amounts of whole tokens.
    pub paper_balances: Vec<(String, String)>,
    /// Maximum number of wallets of an account.
    pub max_wallets: usize,
    /// How long the reset of a wallet waits for orders that are being executed.
    pub reset_within: Duration,
    /// How long the push of a new order may take before the sweeper delivers it.
    pub push_grace: Duration,
    /// Pushes to the queue that may be under way; beyond it the sweeper delivers.
    pub max_pushes: usize,
    /// How long a WebSocket may take to send its order.
    pub first_message_within: Duration,
    /// How long a peer may take to read one message, or any part of an answer, before it counts as too
    /// slow.
    pub send_within: Duration,
    /// How often a peer is pinged.
    pub ping_every: Duration,
    /// How long a peer may stay silent, pongs included.
    pub idle_after: Duration,
    /// Orders that one connection of `/api/stream` may follow by name.
    pub max_stream_orders: usize,
    /// The time between two heartbeats of a connection of `/api/stream`.
    pub heartbeat_every: Duration,
    /// How often followed orders are compared with the store, in case their last event got lost.
    pub tail_check_every: Duration,
    /// How often the lag of the feed is measured.
    pub lag_check_every: Duration,
    /// The lag of the feed at which the process reports itself as degraded.
    pub max_lag: Duration,
    /// How long requests and streams may take to end when the process stops.
    pub stop_within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: 64 * 1024,
            max_connections: 10_000,
            max_streams: 9_000,
            max_exports: 8,
            max_scans: 3,
            max_in_flight: 25_000,
            max_resting: 10_000,
            max_slippage: MAX_SLIPPAGE,
            max_cancels: 500,
            max_accepts: 2_048,
            headers_within: Duration::from_secs(10),
            keep_alive: Duration::from_secs(75),
            body_within: Duration::from_secs(10),
            store_within: Duration::from_secs(10),
            quotes_within: Duration::from_secs(2),
            price_every: Duration::from_secs(1),
            price_pairs: PRICE_PAIRS.split(',').map(str::to_owned).collect(),
            keep_prices: Duration::from_hours(30 * 24),
            health_within: Duration::from_secs(2),
            max_wallets: 100,
            reset_within: Duration::from_secs(10),
            paper_balances: PAPER_BALANCES.split(',').filter_map(|text| balance(text).ok()).collect(),
            push_grace: Duration::from_secs(2),
            max_pushes: 1_024,
            first_message_within: Duration::from_secs(30),
            send_within: Duration::from_secs(10),
            ping_every: Duration::from_secs(25),
            idle_after: Duration::from_mins(1),
            max_stream_orders: 1_000,
            heartbeat_every: Duration::from_secs(15),
            tail_check_every: Duration::from_secs(2),
            lag_check_every: Duration::from_secs(1),
            max_lag: Duration::from_secs(5),
            stop_within: Duration::from_secs(10),
        }
    }
}

/// The largest number of streams that leaves room for requests among `connections`.
fn streams_of(connections: usize) -> usize {
    (connections * 9 / 10).max(1)
}

impl Limits {
    /// Lowers connections and streams to what a process can hold that may open `descriptors` files. A
    /// quarter of them, at most 256, is left for the store, the queue and everything else.
    #[must_use]
    pub fn within_descriptors(mut self, descriptors: usize) -> Self {
        let others = (descriptors / 4).min(256) + RESERVED_CONNECTIONS;
        self.max_connections = self.max_connections.min(descriptors.saturating_sub(others)).max(1);
        self.max_streams = self.max_streams.min(streams_of(self.max_connections));
        self
    }
}

impl From<&ApiConfig> for Limits {
    fn from(config: &ApiConfig) -> Self {
        let size = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
        let max_connections = size(config.api_max_connections);
        Self {
            max_body_bytes: size(config.api_max_body_bytes),
            max_connections,
            max_streams: size(config.api_max_streams).min(streams_of(max_connections)),
            keep_alive: Duration::from_secs(config.api_keep_alive_seconds.into()),
            max_in_flight: config.max_in_flight_orders,
            max_resting: config.max_open_orders_per_account,
            max_slippage: Bps(config.max_slippage_bps),
            quotes_within: Duration::from_millis(config.api_quote_timeout_ms.into()),
            price_every: Duration::from_millis(config.price_interval_ms.into()),
            price_pairs: config.price_pairs.iter().filter(|pair| *pair != NO_PAIRS).cloned().collect(),
            keep_prices: Duration::from_hours(u64::from(config.price_history_days) * 24),
            paper_balances: config.paper_balances.clone(),
            push_grace: Duration::from_millis(config.push_grace_ms.into()),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        config: ApiConfig,
    }

    #[test]
    fn the_defaults_are_the_same_in_both_places() {
        let limits = Limits::from(&Program::parse_from(["api"]).config);
        assert_eq!(format!("{limits:?}"), format!("{:?}", Limits::default()));
        Program::command().debug_assert();
    }

    #[test]
    fn a_paper_balance_is_a_token_and_an_amount() {
        let balances = |value: &str| {
            let program = Program::try_parse_from(["api", "--paper-balances", value]);
            program.map(|it| it.config.paper_balances).map_err(|error| error.to_string())
        };
        let expected =
            [("SOL", "1"), ("USDC", "0.5")].map(|(token, amount)| (token.to_owned(), amount.to_owned()));
        assert_eq!(balances("SOL=1, USDC = 0.5"), Ok(expected.to_vec()));
        for (wrong, reason) in [
            ("SOL", "must be a token and an amount, such as SOL=1000"),
            ("SOL=0", "the amount must be greater than zero"),
            ("SOL=-1", "the amount must not be negative"),
            ("SOL=1x", "the amount is not a decimal number"),
            ("SOL=1e30", "the amount is too large"),
        ] {
            let said = balances(&format!("USDC=1,{wrong}")).unwrap_err();
            assert!(said.contains(&format!("'{wrong}'")) && said.contains(reason), "{said}");
        }
    }

    #[test]
    fn a_public_url_is_absolute_and_has_no_slash_at_its_end() {
        let url =
            |text: &str| Program::try_parse_from(["api", "--public-url", text]).map(|p| p.config.public_url);
        assert_eq!(url("https://api.example.com/v1/").unwrap().unwrap(), "https://api.example.com/v1");
        assert_eq!(url("HTTPS://Api.Example.com").unwrap().unwrap(), "https://api.example.com");
        assert!(url("https://api.example.com/#there").is_err());
        assert!(url("api.example.com").is_err());
        assert!(url("ftp://api.example.com").is_err());
    }

    #[test]
    fn streams_leave_room_for_requests_and_connections_for_other_files() {
        let limits = |arguments: &[&str]| {
            Limits::from(&Program::try_parse_from([&["api"], arguments].concat()).unwrap().config)
        };
        let configured = limits(&["--api-max-connections", "100", "--api-max-streams", "100"]);
        assert_eq!((configured.max_connections, configured.max_streams), (100, 90));
        let few = limits(&[]).within_descriptors(256);
        assert_eq!((few.max_connections, few.max_streams), (160, 144));
        let many = limits(&[]).within_descriptors(1 << 20);
        assert_eq!((many.max_connections, many.max_streams), (10_000, 9_000));
    }

    #[test]
    fn hosts_and_origins_are_lists_of_what_headers_say() {
        let program = |argument: &str, value: &str| Program::try_parse_from(["api", argument, value]);
        let hosts = |value: &str| program("--allowed-hosts", value).map(|it| it.config.allowed_hosts);
        assert_eq!(hosts("api, Trade.example.com,[::1]").unwrap(), ["api", "trade.example.com", "[::1]"]);
        assert!(hosts("api:3000").is_err());
        let origins = |value: &str| program("--cors-origins", value).map(|it| it.config.cors_origins);
        let two = "https://App.example.com/,http://localhost:5173";
        assert_eq!(origins(two).unwrap(), ["https://app.example.com", "http://localhost:5173"]);
        for wrong in ["app.example.com", "https://app.example.com/path", "*"] {
            assert!(origins(wrong).is_err(), "{wrong}");
        }
    }
}
