//! How the checks get into an API: its URI, and what an authorizer wants to see in the handshake.

use crate::connect;
use crate::tls;
use anyhow::{Context as _, bail};
use http::{HeaderName, HeaderValue, StatusCode};
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, handshake::client::Request};

pub use crate::tls::Socket;

/// The query parameter that an authorizer reads by default (`identity_sources`).
const TOKEN_PARAMETER: &str = "token";
/// Bytes of a URI that need no escape in a query's value.
const UNRESERVED: &[u8] = b"-._~";

#[derive(Debug, Clone, Default, clap::Args)]
pub struct EntryArgs {
    /// Token that the checks send in the query string (as `token`, or as NAME with NAME=VALUE), for a stack with an authorizer
    #[arg(long, value_name = "[NAME=]VALUE", env = "SLUICEGATE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Header that the checks send with their handshakes (repeatable)
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
}

/// A stage of an API, and how to get into it.
#[derive(Clone)]
pub struct Entry {
    uri: String,
    /// With its name, escaped.
    token: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A handshake that an authorizer, or API Gateway on its behalf, refused: trying again does not help.
#[derive(Debug, thiserror::Error)]
#[error("{uri} rejects the handshake with {status}: {advice}", advice = self.advice())]
pub struct NotAdmitted {
    uri: String,
    status: u16,
}

impl NotAdmitted {
    fn advice(&self) -> &'static str {
        if self.status == StatusCode::UNAUTHORIZED.as_u16() {
            "the stack has an authorizer, pass what it asks for with --token or --header"
        } else {
            "its authorizer does not let this client in, check --token and --header, or the stage in the URI"
        }
    }
}

impl EntryArgs {
    /// Whether anything is there for an authorizer to see.
    pub fn is_empty(&self) -> bool {
        self.token.is_none() && self.headers.is_empty()
    }

    /// The way into the stage at `uri`.
    pub fn entry(&self, uri: &str) -> anyhow::Result<Entry> {
        let token = self.token.as_deref().map(|token| {
            let (name, value) =
                token.split_once('=').filter(|(name, _)| is_name(name)).unwrap_or((TOKEN_PARAMETER, token));
            format!("{name}={}", escaped(value))
        });
        let headers = self.headers.iter().map(|header| parsed(header)).collect::<Result<_, _>>()?;
        Ok(Entry { uri: uri.to_owned(), token, headers })
    }
}

impl Entry {
    /// The way into a stage that lets everybody in.
    #[cfg(test)]
    pub fn open_to_all(uri: &str) -> Self {
        Self { uri: uri.to_owned(), token: None, headers: Vec::new() }
    }

    /// Connects.
    pub async fn connect(&self, time_limit: Duration) -> anyhow::Result<Socket> {
        let handshake = timeout(time_limit, tls::connect(self.request()?)).await;
        match handshake
            .with_context(|| format!("no handshake with {self} within {} s", time_limit.as_secs()))?
        {
            Ok((socket, _)) => Ok(socket),
            Err(Error::Http(response))
                if matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) =>
            {
                bail!(NotAdmitted { uri: self.uri.clone(), status: response.status().as_u16() })
            }
            Err(error) => Err(connect::explain(error, &self.uri)),
        }
    }

    fn request(&self) -> anyhow::Result<Request> {
        let uri = match &self.token {
            Some(token) => format!("{}{}{token}", self.uri, if self.uri.contains('?') { '&' } else { '?' }),
            None => self.uri.clone(),
        };
        let mut request =
            uri.into_client_request().with_context(|| format!("{self} is not a WebSocket URI"))?;
        request.headers_mut().extend(self.headers.iter().cloned().map(|(name, value)| (Some(name), value)));
        Ok(request)
    }
}

/// Without the token, which must not be printed.
impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.uri)
    }
}

fn parsed(header: &str) -> anyhow::Result<(HeaderName, HeaderValue)> {
    let (name, value) = header.split_once(':').context("--header must be NAME: VALUE")?;
    let name: HeaderName =
        name.trim().parse().with_context(|| format!("--header: {name:?} is not a header's name"))?;
    let mut parsed: HeaderValue = value
        .trim()
        .parse()
        .with_context(|| format!("--header: the value of {name} cannot stand in a header"))?;
    parsed.set_sensitive(true);
    Ok((name, parsed))
}

/// Whether it can be a parameter's name, rather than the first part of a token that ends in `=`.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 32
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn escaped(value: &str) -> String {
    value.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || UNRESERVED.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(token: Option<&str>, headers: &[&str]) -> anyhow::Result<Entry> {
        let headers = headers.iter().map(ToString::to_string).collect();
        EntryArgs { token: token.map(Into::into), headers }.entry("ws://localhost/v1")
    }

    #[test]
    fn a_token_goes_into_the_query_under_its_name() {
        for (token, uri) in [
            (None, "ws://localhost/v1"),
            (Some("a b/="), "ws://localhost/v1?token=a%20b%2F%3D"),
            (Some("jwt=e.y.J"), "ws://localhost/v1?jwt=e.y.J"),
        ] {
            let entry = entry(token, &[]).unwrap();
            assert_eq!(entry.request().unwrap().uri().to_string(), uri);
            assert_eq!(entry.to_string(), "ws://localhost/v1", "what is printed has no token");
        }
    }

    #[test]
    fn headers_are_sent_and_odd_ones_refused() {
        let request = entry(None, &["Authorization: Bearer a:b"]).unwrap().request().unwrap();
        assert_eq!(request.headers()["authorization"], "Bearer a:b");
        assert_eq!(request.headers()["upgrade"], "websocket");
        for odd in ["Authorization", "a b: c", "a: \u{7}"] {
            assert!(entry(None, &[odd]).is_err(), "{odd}");
        }
    }
}
