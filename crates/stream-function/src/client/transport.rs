//! Signed requests over a pooled connection.

use std::time::SystemTime;

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

use crate::environment::Environment;
use crate::limits::{CONNECT_TIMEOUT, REQUEST_TIMEOUT, RESPONSE_BYTES_MAX};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An HTTP client that signs: cheap to clone, one pool.
#[derive(Clone)]
pub(crate) struct Transport {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    identity: Identity,
    region: String,
}

/// What an endpoint answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Answer {
    /// AWS's own words: the `message` of the JSON it answers, else the whole text.
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

impl Transport {
    /// A client with the environment's credentials, which Lambda keeps for an environment's life.
    pub fn new(environment: &Environment) -> Result<Self, BoxError> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let tls = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()?;
        let is_https = |endpoint: &str| endpoint.starts_with("https:");
        // Reading the system's roots takes milliseconds, which a plane on plain HTTP need not wait for.
        let tls = if is_https(&environment.connections_endpoint) || is_https(&environment.sqs_endpoint) {
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
            &environment.access_key_id,
            &environment.secret_access_key,
            environment.session_token.clone(),
            None,
            "environment",
        );
        Ok(Self {
            http: Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(https),
            identity: credentials.into(),
            region: environment.region.clone(),
        })
    }

    /// Signs a request for a service and sends it, within [`REQUEST_TIMEOUT`].
    pub async fn send(&self, service: &str, mut request: Request<Bytes>) -> Result<Answer, BoxError> {
        self.sign(service, &mut request, SystemTime::now())?;
        self.exchange(request).await
    }

    /// Sends a request as it is.
    pub async fn exchange(&self, request: Request<Bytes>) -> Result<Answer, BoxError> {
        let exchange = async {
            let response = self.http.request(request.map(Full::new)).await?;
            let status = response.status();
            // Read to its end in any case: only then is the connection free for the next request.
            let body = Limited::new(response.into_body(), RESPONSE_BYTES_MAX).collect().await?.to_bytes();
            Ok(Answer { status, body })
        };
        match tokio::time::timeout(REQUEST_TIMEOUT, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {} s", REQUEST_TIMEOUT.as_secs()).into()),
        }
    }

    pub(super) fn sign(
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
pub(crate) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
