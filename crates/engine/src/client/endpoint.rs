//! The address of an engine, and the headers of requests to it.

use anyhow::{Context, bail};
use hyper::{HeaderMap, StatusCode, Uri, header::AUTHORIZATION};
use process::is_loopback;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, client::IntoClientRequest},
};

use super::{headers::HeaderArgs, unreachable::Unreachable};

/// A WebSocket of an engine.
pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The address of an engine, and the headers that every request to it has.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// Without a slash at its end.
    base: String,
    uri: Uri,
    headers: HeaderMap,
}

impl Endpoint {
    /// Reads an address such as `https://trade.example.com/engine`.
    ///
    /// # Errors
    /// When it is not a valid address.
    pub(crate) fn parse(base: &str, headers: &HeaderArgs) -> anyhow::Result<Self> {
        let base = base.trim_end_matches('/');
        let uri: Uri = base.parse().with_context(|| format!("{base} is not the address of an engine"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            bail!("the engine's address must begin with http:// or https://, not {base}");
        }
        if uri.query().is_some() {
            bail!("the engine's address must not have a query: {base}");
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            bail!("the engine's address must not hold a user name: use --header or ENGINE_TOKEN");
        }
        Ok(Self { base: base.to_owned(), uri, headers: headers.to_headers() })
    }

    /// The address.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The headers of every request.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The host as in an address.
    pub(crate) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    /// Host and port, as a `Host` header names them.
    pub(crate) fn authority(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// Whether it is spoken to over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Whether it is on this machine.
    pub(crate) fn is_local(&self) -> bool {
        is_loopback(&self.host().to_ascii_lowercase())
    }

    /// Whether a token crosses a network in plain text.
    pub(super) fn exposes_token(&self) -> bool {
        self.headers.contains_key(AUTHORIZATION) && !self.is_secure() && !self.is_local()
    }

    /// The path of a request, under the path of the address if it has one.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", self.uri.path().trim_end_matches('/'))
    }

    /// The whole address of a path.
    pub(crate) fn http(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Why no engine answered there.
    pub(crate) fn unreachable(&self, error: &(dyn std::error::Error + 'static)) -> Unreachable {
        Unreachable::new(&self.base, error)
    }

    /// That something else answers there.
    pub(crate) fn another(&self, status: StatusCode) -> Unreachable {
        Unreachable::another(&self.base, status)
    }

    /// Opens a WebSocket.
    ///
    /// # Errors
    /// When there is no connection, or the engine refuses.
    pub(crate) async fn websocket(&self, path: &str) -> Result<Socket, tungstenite::Error> {
        let mut request = self.http(path).replacen("http", "ws", 1).into_client_request()?;
        request.headers_mut().extend(self.headers.clone());
        Ok(connect_async(request).await?.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(base: &str) -> anyhow::Result<Endpoint> {
        Endpoint::parse(base, &HeaderArgs::default())
    }

    #[test]
    fn an_address_may_have_a_path_and_no_user_name() {
        let endpoint = parse("https://trade.example.com/engine/").unwrap();
        assert_eq!(endpoint.http("/health"), "https://trade.example.com/engine/health");
        assert_eq!(endpoint.path("/health"), "/engine/health");
        assert_eq!((endpoint.authority(), endpoint.port()), ("trade.example.com", 443));
        assert!(endpoint.is_secure() && !endpoint.is_local());
        let local = parse("http://LOCALHOST:3000").unwrap();
        assert_eq!((local.path("/health"), local.port()), ("/health".to_owned(), 3000));
        assert!(local.is_local() && !local.is_secure() && parse("http://[::1]:3000").unwrap().is_local());
        for wrong in ["ftp://host", "localhost:3000", "https://me:secret@host", "http://host?x=1", ""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(!parse("https://me:secret@host").unwrap_err().to_string().contains("secret"));
    }

    #[test]
    fn a_token_is_sent_as_a_bearer_and_is_not_shown() {
        let args = HeaderArgs { token: Some("s3cret".to_owned()), ..HeaderArgs::default() };
        let endpoint = Endpoint::parse("http://localhost", &args).unwrap();
        assert_eq!(endpoint.headers()["authorization"], "Bearer s3cret");
        assert!(!format!("{endpoint:?}").contains("s3cret"));
        let exposes = |url| Endpoint::parse(url, &args).unwrap().exposes_token();
        assert!(exposes("http://trade.example.com"));
        assert!(!exposes("http://localhost") && !exposes("https://trade.example.com"));
    }
}
