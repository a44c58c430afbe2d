//! Signs handshakes (SigV4), for APIs with AWS_IAM authorization.

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use signed_http::{Limits, SignedHttp, causes, connections, credentials};
use std::time::{Duration, SystemTime};
use tokio_tungstenite::tungstenite::handshake::client::Request;

/// The client only signs, so that its limits do not matter.
const LIMITS: Limits =
    Limits { connect: Duration::from_secs(1), request: Duration::from_secs(1), response_bytes_max: 1 };
/// The headers of a signature.
const HEADERS: [&str; 3] = ["authorization", "x-amz-date", "x-amz-security-token"];

/// Signs with one set of credentials.
#[derive(Clone)]
pub struct Signer(SignedHttp);

impl Signer {
    /// Credentials and region from the environment.
    pub fn from_environment() -> anyhow::Result<Self> {
        Self::new(&|name| std::env::var(name).ok())
    }

    fn new(lookup: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let keys = credentials::read(lookup)
            .map_err(|error| anyhow!("cannot sign the handshake (AWS_IAM): {error}"))?;
        let signer = SignedHttp::new(&keys, false, LIMITS);
        signer.map(Self).map_err(|error| anyhow!("{}", causes(error.as_ref())))
    }

    /// Adds the signature of this moment. A header that is set afterwards is not part of it.
    pub fn sign(&self, handshake: &mut Request) -> anyhow::Result<()> {
        let uri = handshake.uri().clone();
        let mut request = http::Request::get(uri).body(Bytes::new()).context("the URI cannot be signed")?;
        let signed = self.0.sign(connections::SERVICE, &mut request, SystemTime::now());
        signed.map_err(|error| anyhow!("cannot sign the handshake: {}", causes(error.as_ref())))?;
        for name in HEADERS {
            if let Some(value) = request.headers().get(name) {
                handshake.headers_mut().insert(name, value.clone());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

    #[test]
    fn a_handshake_is_signed_with_the_sessions_token() {
        let variables = [
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "AKID"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_SESSION_TOKEN", "token"),
        ];
        let lookup =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let mut request = "wss://a1.execute-api.eu-west-1.amazonaws.com/v1".into_client_request().unwrap();
        Signer::new(&lookup).unwrap().sign(&mut request).unwrap();
        let authorization = request.headers()["authorization"].to_str().unwrap();
        assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKID/"), "{authorization}");
        assert!(authorization.contains("/eu-west-1/execute-api/aws4_request"), "{authorization}");
        assert_eq!(request.headers()["x-amz-security-token"], "token");
        assert!(request.headers().contains_key("sec-websocket-key"), "it is still a handshake");
        let error = Signer::new(&|_| None).err().unwrap().to_string();
        assert!(error.contains("cannot sign the handshake") && error.contains("AWS_REGION"), "{error}");
    }
}
