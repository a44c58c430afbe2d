//! How clients get into an API: its URI, and what an authorizer wants to see in the handshake.

use crate::handshake_signature::Signer;
use crate::tls;
use anyhow::Context as _;
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
/// The header in which an emulator says why it refuses a handshake.
const HINT: &str = "x-sluicegate-hint";

#[derive(Debug, Clone, Default, clap::Args)]
pub struct EntryArgs {
    /// Token for an API with an authorizer, sent in the query string as `token` (as NAME with NAME=VALUE)
    #[arg(long, value_name = "[NAME=]VALUE", env = "SLUICEGATE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Header to send with the handshake (repeatable)
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Sign the handshake with AWS credentials, for an API with AWS_IAM authorization
    #[arg(long)]
    iam: bool,
}

/// A stage of an API, and the credentials to connect to it.
#[derive(Clone)]
pub struct Entry {
    uri: String,
    /// The token with its parameter's name, escaped.
    token: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// `None`: handshakes are not signed.
    signer: Option<Signer>,
}

/// A handshake that an authorizer, or API Gateway on its behalf, refused: trying again does not help.
#[derive(Debug, thiserror::Error)]
#[error("{uri} rejects the handshake with {status}: {advice}", advice = self.advice())]
pub struct NotAdmitted {
    uri: String,
    status: u16,
    /// What an emulator says of it.
    hint: Option<String>,
}

impl NotAdmitted {
    fn advice(&self) -> &str {
        if let Some(hint) = &self.hint {
            hint
        } else if self.status == StatusCode::UNAUTHORIZED.as_u16() {
            "the API has an authorizer, pass what it asks for with --token or --header"
        } else {
            "this client may not connect, check --token, --header and --iam, or the stage in the URI"
        }
    }
}

impl EntryArgs {
    /// Whether there is a token or header for an authorizer.
    pub fn is_empty(&self) -> bool {
        self.token.is_none() && self.headers.is_empty() && !self.iam
    }

    /// The same, for an API with AWS_IAM authorization.
    pub fn signing(&self) -> Self {
        Self { iam: true, ..self.clone() }
    }

    /// The entry to the stage at `uri`.
    pub fn entry(&self, uri: &str) -> anyhow::Result<Entry> {
        let token = self.token.as_deref().map(|token| {
            let (name, value) =
                token.split_once('=').filter(|(name, _)| is_name(name)).unwrap_or((TOKEN_PARAMETER, token));
            format!("{name}={}", escaped(value))
        });
        let headers = self.headers.iter().map(|header| parsed(header)).collect::<Result<_, _>>()?;
        let signer = self.iam.then(Signer::from_environment).transpose()?;
        Ok(Entry { uri: uri.to_owned(), token, headers, signer })
    }
}

impl Entry {
    /// The entry to a stage that everybody can connect to.
    #[cfg(test)]
    pub fn open_to_all(uri: &str) -> Self {
        Self { uri: uri.to_owned(), token: None, headers: Vec::new(), signer: None }
    }

    /// Connects.
    pub async fn connect(&self, time_limit: Duration) -> anyhow::Result<Socket> {
        let handshake = timeout(time_limit, tls::connect(self.request()?)).await;
        let handshake = handshake
            .with_context(|| format!("no handshake with {self} within {} s", time_limit.as_secs()))?;
        handshake.map(|(socket, _)| socket).map_err(|error| self.explain(error))
    }

    /// Explains a failed handshake and what to do about it.
    pub fn explain(&self, error: Error) -> anyhow::Error {
        let uri = &self.uri;
        match &error {
            Error::Http(response) => {
                let hint =
                    response.headers().get(HINT).and_then(|hint| hint.to_str().ok()).map(str::to_owned);
                let status = response.status();
                if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
                    return NotAdmitted { uri: uri.clone(), status: status.as_u16(), hint }.into();
                }
                let body = response.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
                let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                anyhow::anyhow!("{uri} rejected the handshake with {status}{hint}: {body}")
            }
            Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => {
                anyhow::anyhow!("nothing is listening at {uri}: start the emulator with `cargo run -- dev`")
            }
            _ => anyhow::Error::new(error).context(format!("cannot connect to {uri}")),
        }
    }

    pub fn request(&self) -> anyhow::Result<Request> {
        let uri = match &self.token {
            Some(token) => format!("{}{}{token}", self.uri, if self.uri.contains('?') { '&' } else { '?' }),
            None => self.uri.clone(),
        };
        let mut request =
            uri.into_client_request().with_context(|| format!("{self} is not a WebSocket URI"))?;
        if let Some(signer) = &self.signer {
            signer.sign(&mut request)?;
        }
        request.headers_mut().extend(self.headers.iter().cloned().map(|(name, value)| (Some(name), value)));
        Ok(request)
    }
}

/// Prints the URI without the token, which must not be printed.
impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.uri)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
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
        EntryArgs { token: token.map(Into::into), headers, iam: false }.entry("ws://localhost/v1")
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
