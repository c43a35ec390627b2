//! Access control: which hosts a request may name, and which web pages it may come from.
//!
//! There are no access keys yet, so every client that reaches the API may trade. A browser reaches every
//! address of its machine on behalf of any page it shows. Two headers that pages cannot forge keep pages
//! out: `Origin` names the page that sends the request, and `Host` the name it used for this engine, which
//! under DNS rebinding is the attacker's.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, Version, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use process::is_loopback;
use tower_http::cors::CorsLayer;

use crate::{
    headers::{REPLAYED, REQUEST_ID},
    problem::{Code, Problem, shown},
};

/// Paths that load balancers request under any host name, and that are of no use to a page.
const PROBES: [&str; 2] = ["/health/live", "/health/ready"];

/// Which requests are served.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Whether every host is served: the engine listens to other machines and no hosts are configured.
    pub any_host: bool,
    /// Hosts that are served besides loopback, without ports, in lower case.
    pub hosts: Vec<String>,
    /// Origins whose pages may read answers, such as `https://app.example.com`, in lower case.
    pub origins: Vec<String>,
    /// Where clients reach the API, without a slash at its end.
    pub public_url: Option<String>,
}

impl Access {
    fn serves_host(&self, host: Option<&Authority>) -> bool {
        if self.any_host {
            return true;
        }
        let Some(host) = host.map(|authority| authority.host().to_ascii_lowercase()) else { return false };
        is_loopback(&host) || self.hosts.contains(&host) || self.public_host().is_some_and(|it| it == host)
    }

    fn serves_origin(&self, origin: &str, host: Option<&Authority>) -> bool {
        let origin = origin.to_ascii_lowercase();
        let own = |authority: &str| {
            let authority = authority.to_ascii_lowercase();
            origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) == Some(&*authority)
        };
        self.origins.contains(&origin)
            || host.is_some_and(|host| own(host.as_str()))
            || self.public_authority().is_some_and(|authority| own(authority.as_str()))
    }

    fn public_authority(&self) -> Option<Authority> {
        self.public_url.as_deref()?.parse::<Uri>().ok()?.into_parts().authority
    }

    fn public_host(&self) -> Option<String> {
        self.public_authority().map(|authority| authority.host().to_ascii_lowercase())
    }

    /// The layer that lets configured pages read answers; none are by default.
    pub(crate) fn cors(&self) -> CorsLayer {
        if self.origins.is_empty() {
            return CorsLayer::new();
        }
        let origins: Vec<HeaderValue> =
            self.origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect();
        let named = |name| HeaderName::from_static(name);
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST, Method::DELETE])
            .allow_headers([
                header::ACCEPT,
                header::AUTHORIZATION,
                header::CACHE_CONTROL,
                header::CONTENT_TYPE,
                named("idempotency-key"),
                named("x-idempotency-key"),
                named("last-event-id"),
                named("traceparent"),
                named("tracestate"),
                REQUEST_ID,
            ])
            .expose_headers([header::LOCATION, header::LINK, header::RETRY_AFTER, REPLAYED, REQUEST_ID])
            .allow_private_network(true)
            .max_age(Duration::from_hours(1))
    }
}

/// Rejects requests of foreign pages: `403`.
pub(crate) async fn check(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    match refusal(&access, request.version(), request.headers(), request.uri()) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

fn refusal(access: &Access, version: Version, headers: &HeaderMap, uri: &Uri) -> Option<Problem> {
    let hosts = headers.get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && version == Version::HTTP_11) {
        // a proxy may have checked another one (RFC 9112, 3.2)
        return Some(Problem::new(Code::InvalidRequest, "a request must have exactly one Host header"));
    }
    let host = host(headers, uri);
    if !access.serves_host(host.as_ref()) && !PROBES.contains(&uri.path()) {
        let named = host.as_ref().map_or("none", Authority::as_str);
        return Some(Problem::new(
            Code::HostNotAllowed,
            format!("the host {} is not allowed; ALLOWED_HOSTS can allow it", shown(named)),
        ));
    }
    let origin = headers.get(header::ORIGIN)?;
    let text = origin.to_str().unwrap_or("not readable");
    if access.serves_origin(text, host.as_ref()) {
        return None;
    }
    let detail = format!("the origin {} is not allowed; CORS_ORIGINS can allow it", shown(text));
    Some(Problem::new(Code::OriginNotAllowed, detail))
}

/// The host that a request names, without a user name.
pub(crate) fn host(headers: &HeaderMap, uri: &Uri) -> Option<Authority> {
    let named = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let authority: Authority = match named {
        Some(text) => text.parse().ok()?,
        None => uri.authority()?.clone(),
    };
    (!authority.as_str().contains('@')).then_some(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(access: &Access, host: Option<&str>, origin: Option<&str>) -> Option<Code> {
        let mut headers = HeaderMap::new();
        if let Some(host) = host {
            headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        }
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        refusal(access, Version::HTTP_10, &headers, &Uri::from_static("/api/orders"))
            .map(|problem| problem.code)
    }

    #[test]
    fn on_loopback_only_loopback_and_configured_hosts_are_served() {
        let access = Access {
            hosts: vec!["api".into()],
            public_url: Some("https://Trade.example.com/engine".into()),
            ..Access::default()
        };
        for served in [
            "localhost:3000",
            "LOCALHOST",
            "127.0.0.1:3000",
            "[::1]:3000",
            "a.localhost",
            "api:80",
            "trade.example.com",
        ] {
            assert_eq!(code(&access, Some(served), None), None, "{served}");
        }
        for stranger in [
            "evil.example:3000",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "10.0.0.1",
            "u@localhost",
            "",
        ] {
            assert_eq!(code(&access, Some(stranger), None), Some(Code::HostNotAllowed), "{stranger}");
        }
        assert_eq!(code(&access, None, None), Some(Code::HostNotAllowed));
        let anywhere = Access { any_host: true, ..Access::default() };
        assert_eq!(code(&anywhere, Some("10.0.0.1:3000"), None), None);
    }

    #[test]
    fn a_page_is_served_if_it_is_ours_or_configured() {
        let access = Access {
            origins: vec!["https://app.example.com".into()],
            public_url: Some("https://trade.example.com".into()),
            ..Access::default()
        };
        let host = Some("localhost:3000");
        for ours in [
            "http://localhost:3000",
            "https://localhost:3000",
            "https://app.example.com",
            "https://trade.example.com",
        ] {
            assert_eq!(code(&access, host, Some(ours)), None, "{ours}");
        }
        for stranger in [
            "https://evil.example",
            "null",
            "http://localhost:3001",
            "http://app.example.com",
            "https://app.example.com.evil.example",
            "",
        ] {
            assert_eq!(code(&access, host, Some(stranger)), Some(Code::OriginNotAllowed), "{stranger}");
        }
    }

    #[test]
    fn a_request_has_one_host() {
        let code = |version, hosts: &[&'static str]| {
            let hosts = hosts.iter().map(|host| (header::HOST, HeaderValue::from_static(host)));
            let access = Access { any_host: true, ..Access::default() };
            let uri = Uri::from_static("/health/ready");
            refusal(&access, version, &hosts.collect::<HeaderMap>(), &uri).map(|problem| problem.code)
        };
        assert_eq!(code(Version::HTTP_11, &["localhost"]), None);
        assert_eq!(code(Version::HTTP_10, &[]), None, "as probes of some load balancers do");
        assert_eq!(code(Version::HTTP_11, &[]), Some(Code::InvalidRequest));
        let two = &["localhost", "localhost"];
        assert_eq!(code(Version::HTTP_10, two), Some(Code::InvalidRequest));
    }

    #[test]
    fn probes_may_use_any_name() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("10.0.0.1:3000"));
        let access = Access::default();
        let refusal = |path| refusal(&access, Version::HTTP_11, &headers, &Uri::from_static(path));
        assert!(refusal("/health/ready").is_none());
        assert!(refusal("/health").is_some());
    }
}
