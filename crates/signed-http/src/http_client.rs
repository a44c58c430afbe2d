//! An HTTP client with limits and one pool, which does not sign.

use bytes::Bytes;
use http::Request;
use http::header::DATE;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;

use crate::{Answer, BoxError, Dated, Limits};

/// An HTTP client: cheap to clone, one pool. It follows no redirects.
#[derive(Clone)]
pub struct HttpClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    limits: Limits,
}

impl HttpClient {
    /// If `needs_tls` is false it cannot call `https:` endpoints, but starts faster: reading the system's root
    /// certificates takes milliseconds.
    ///
    /// # Errors
    /// If the system's root certificates cannot be read.
    pub fn new(needs_tls: bool, limits: Limits) -> Result<Self, BoxError> {
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
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(https);
        Ok(Self { client, limits })
    }

    /// Sends a request, within [`Limits::request`].
    ///
    /// # Errors
    /// If there is no response in time. A response is not an error, whatever its status.
    pub async fn exchange(&self, request: Request<Bytes>) -> Result<Answer, BoxError> {
        Ok(self.exchange_dated(request).await?.0)
    }

    pub(crate) async fn exchange_dated(&self, request: Request<Bytes>) -> Result<Dated, BoxError> {
        let exchange = async {
            let response = self.client.request(request.map(Full::new)).await?;
            let (status, date) = (response.status(), response.headers().get(DATE).cloned());
            // Read to its end in any case: only then is the connection free for the next request.
            let body = Limited::new(response.into_body(), self.limits.response_bytes_max)
                .collect()
                .await?
                .to_bytes();
            Ok((Answer { status, body }, date))
        };
        match tokio::time::timeout(self.limits.request, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no response within {} s", self.limits.request.as_secs()).into()),
        }
    }
}
