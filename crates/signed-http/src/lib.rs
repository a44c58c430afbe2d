//! Signed requests to AWS's services over a pooled connection.
//!
//! For programs that must be small or quick to build, such as functions. AWS's own crate computes the signature; tests in
//! `stream-function` compare the requests with those of AWS's SDKs.

#![warn(missing_docs)] // a library that others read

mod clock;
pub mod connections;
pub mod credentials;
mod http_client;

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode};

pub use http_client::HttpClient;

/// Any error.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Credentials and region.
#[derive(Clone)]
pub struct Keys {
    /// The region, such as `eu-west-1`.
    pub region: String,
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token of temporary credentials.
    pub session_token: Option<String>,
}

/// Time and size limits of a client.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time to open a connection.
    pub connect: Duration,
    /// Time for a request, including its connection.
    pub request: Duration,
    /// Bytes of a response to read, at most.
    pub response_bytes_max: usize,
}

/// An HTTP client that signs: cheap to clone, one pool.
#[derive(Clone)]
pub struct SignedHttp {
    http: HttpClient,
    identity: Identity,
    region: String,
    clock: clock::Clock,
}

/// A response.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Bytes,
}

/// A response and its `Date`.
type Dated = (Answer, Option<HeaderValue>);

impl Answer {
    /// The `message` of AWS's JSON error, else the whole body as text.
    #[must_use]
    pub fn message(&self) -> String {
        #[derive(serde::Deserialize)]
        struct Said {
            #[serde(alias = "Message")]
            message: String,
        }
        serde_json::from_slice::<Said>(&self.body)
            .map_or_else(
                |_| format!("{} {}", self.status, String::from_utf8_lossy(&self.body)),
                |said| said.message,
            )
            .trim_end()
            .to_owned()
    }
}

impl SignedHttp {
    /// A client with these credentials. If `needs_tls` is false it cannot call `https:` endpoints, but starts faster:
    /// reading the system's root certificates takes milliseconds.
    ///
    /// # Errors
    /// If the system's root certificates cannot be read.
    pub fn new(keys: &Keys, needs_tls: bool, limits: Limits) -> Result<Self, BoxError> {
        let credentials = Credentials::new(
            &keys.access_key_id,
            &keys.secret_access_key,
            keys.session_token.clone(),
            None,
            "environment",
        );
        Ok(Self {
            http: HttpClient::new(needs_tls, limits)?,
            identity: credentials.into(),
            region: keys.region.clone(),
            clock: clock::Clock::default(),
        })
    }

    /// Signs a request for a service and sends it, within [`Limits::request`]. If it is refused and the machine's clock
    /// is wrong by the response's `Date`, it is signed once more by AWS's clock, as all later ones are.
    ///
    /// # Errors
    /// If it cannot be signed or gets no response. A response is not an error, whatever its status.
    pub async fn send(&self, service: &str, request: Request<Bytes>) -> Result<Answer, BoxError> {
        let signed = self.clock.now();
        let (answer, date) = self.send_at(service, request.clone(), signed).await?;
        let date =
            date.as_ref().and_then(|date| date.to_str().ok()).filter(|_| answer.status.is_client_error());
        if date.is_some_and(|date| self.clock.corrects(signed, date)) {
            return Ok(self.send_at(service, request, self.clock.now()).await?.0);
        }
        Ok(answer)
    }

    async fn send_at(
        &self,
        service: &str,
        mut request: Request<Bytes>,
        time: SystemTime,
    ) -> Result<Dated, BoxError> {
        self.sign(service, &mut request, time)?;
        self.http.exchange_dated(request).await
    }

    /// Sends a request as it is.
    ///
    /// # Errors
    /// If there is no response in time.
    pub async fn exchange(&self, request: Request<Bytes>) -> Result<Answer, BoxError> {
        self.http.exchange(request).await
    }

    /// Adds the headers of a signature made at `time`.
    ///
    /// # Errors
    /// If the request cannot be signed.
    pub fn sign(
        &self,
        service: &str,
        request: &mut Request<Bytes>,
        time: SystemTime,
    ) -> Result<(), BoxError> {
        let params = v4::SigningParams::builder()
            .identity(&self.identity)
            .region(&self.region)
            .name(service)
            .time(time)
            .settings(SigningSettings::default())
            .build()?
            .into();
        let uri = request.uri().to_string();
        let headers =
            request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new(
            request.method().as_str(),
            uri.as_str(),
            headers,
            SignableBody::Bytes(request.body().as_ref()),
        )?;
        let (instructions, _) = sign(signable, &params)?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}

/// A request's error with its causes: hyper's own text alone says only that the client failed.
pub fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The README's example compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
mod tests;
