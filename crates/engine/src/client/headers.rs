//! The headers that every request to an engine carries.

use clap::Args;
use hyper::{
    HeaderMap,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};

/// What every request to an engine carries, for a proxy in front of it.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct HeaderArgs {
    /// Header to send with every request; may be repeated
    #[arg(long, value_name = "NAME: VALUE", value_parser = header)]
    pub(crate) header: Vec<(HeaderName, HeaderValue)>,
    /// Access token to send; better as `ENGINE_TOKEN` than here
    #[arg(long, env = "ENGINE_TOKEN", hide_env_values = true, value_parser = token)]
    pub(crate) token: Option<String>,
}

impl HeaderArgs {
    /// What the arguments amount to.
    pub(super) fn to_headers(&self) -> HeaderMap {
        let mut headers: HeaderMap = self.header.iter().cloned().collect();
        if let Some(mut bearer) = self.token.as_deref().and_then(bearer) {
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        headers
    }
}

fn bearer(token: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("Bearer {token}")).ok()
}

/// Reads `NAME: VALUE`.
fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("must be NAME: VALUE")?;
    let name = name.trim().parse().map_err(|_| "the name of a header has letters, digits and hyphens")?;
    let value = value.trim().parse().map_err(|_| "the value of a header is printable ASCII")?;
    Ok((name, value))
}

/// Reads a token that fits into a header.
fn token(text: &str) -> Result<String, String> {
    let text = text.trim();
    bearer(text).map(|_| text.to_owned()).ok_or_else(|| "must be printable ASCII".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_replaces_an_authorization_and_nothing_malformed_is_taken() {
        let given = ["X-Desk: 7", "authorization: Basic eA=="].map(|text| header(text).unwrap());
        let args = HeaderArgs { header: given.to_vec(), token: Some("s3cret".to_owned()) };
        let headers = args.to_headers();
        assert_eq!(
            (&headers["x-desk"], &headers["authorization"]),
            (&"7".parse().unwrap(), &"Bearer s3cret".parse().unwrap())
        );
        assert!(header("X-Desk").is_err() && header("a b: c").is_err());
        assert!(token("two\nlines").is_err());
    }
}
