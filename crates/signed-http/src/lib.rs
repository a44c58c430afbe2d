//! Signed requests to AWS's services over a pooled connection.
//!
//! For what must be small or quick to build: a function, and the command line. The signature is AWS's own crate;
//! `stream-function` holds requests equal to what AWS's SDKs send.

#![warn(missing_docs)] // a library that others read

pub mod connections;
pub mod credentials;

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;

/// Any error.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Who calls, and where.
#[derive(Clone)]
pub struct Keys {
    /// The region, as `eu-west-1`.
    pub region: String,
    /// The access key's id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// The token of temporary keys.
    pub session_token: Option<String>,
}

/// How long things may take, and how much is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Opening a connection.
    pub connect: Duration,
    /// A request, its connection included.
    pub request: Duration,
    /// Bytes of an answer that are read.
    pub response_bytes_max: usize,
}

/// An HTTP client that signs: cheap to clone, one pool.
#[derive(Clone)]
pub struct SignedHttp {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    identity: Identity,
    region: String,
    limits: Limits,
}

/// What an endpoint answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// AWS's own words: the `message` of the JSON it answers, else the whole text.
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
    /// A client with these keys. Where `needs_tls` is false it cannot call `https:` endpoints, and starts sooner:
    /// reading the system's roots takes milliseconds.
    ///
    /// # Errors
    /// Where the system's roots cannot be read.
    pub fn new(keys: &Keys, needs_tls: bool, limits: Limits) -> Result<Self, BoxError> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(limits.connect));
        let tls = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()?;
        let tls = if needs_tls {
            tls.with_native_roots()?.with_no_client_auth()
        } else {
            tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
        };
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let credentials = Credentials::new(
            &keys.access_key_id,
            &keys.secret_access_key,
            keys.session_token.clone(),
            None,
            "environment",
        );
        Ok(Self {
            http: Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(https),
            identity: credentials.into(),
            region: keys.region.clone(),
            limits,
        })
    }

    /// Signs a request for a service and sends it, within [`Limits::request`].
    ///
    /// # Errors
    /// Where it cannot be signed or is not answered; an answer of any status is none.
    pub async fn send(&self, service: &str, mut request: Request<Bytes>) -> Result<Answer, BoxError> {
        self.sign(service, &mut request, SystemTime::now())?;
        self.exchange(request).await
    }

    /// Sends a request as it is.
    ///
    /// # Errors
    /// Where it is not answered in time.
    pub async fn exchange(&self, request: Request<Bytes>) -> Result<Answer, BoxError> {
        let exchange = async {
            let response = self.http.request(request.map(Full::new)).await?;
            let status = response.status();
            // Read to its end in any case: only then is the connection free for the next request.
            let body = Limited::new(response.into_body(), self.limits.response_bytes_max)
                .collect()
                .await?
                .to_bytes();
            Ok(Answer { status, body })
        };
        match tokio::time::timeout(self.limits.request, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {} s", self.limits.request.as_secs()).into()),
        }
    }

    /// Adds the headers of a signature made at `time`.
    ///
    /// # Errors
    /// Where the request cannot be signed.
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
