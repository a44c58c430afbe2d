//! Calls of AWS's services, or of an emulator of them.

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::Value;
use signed_http::{Answer, Keys, Limits, SignedHttp, causes};
use std::time::Duration;

/// Bytes of one answer, at most.
const ANSWER_BYTES_MAX: usize = 16 * 1_024 * 1_024;
/// Time for one call.
const CALL_MAX: Duration = Duration::from_secs(30);

pub struct Aws {
    http: SignedHttp,
    region: String,
    endpoint: Option<String>,
}

impl Aws {
    /// A caller of one endpoint, or of AWS without one.
    pub fn new(keys: &Keys, endpoint: Option<&str>) -> anyhow::Result<Self> {
        let limits = Limits {
            connect: Duration::from_secs(10),
            request: CALL_MAX,
            response_bytes_max: ANSWER_BYTES_MAX,
        };
        let needs_tls = endpoint.is_none_or(|endpoint| endpoint.starts_with("https:"));
        let http = SignedHttp::new(keys, needs_tls, limits).map_err(|error| anyhow!(causes(&*error)))?;
        let endpoint = endpoint.map(|endpoint| endpoint.trim_end_matches('/').to_owned());
        Ok(Self { http, region: keys.region.clone(), endpoint })
    }

    /// The address of a service.
    pub fn service(&self, name: &str) -> String {
        let suffix = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        self.endpoint.clone().unwrap_or_else(|| format!("https://{name}.{}.{suffix}", self.region))
    }

    /// Calls an operation of a service with JSON, such as `Kinesis_20131202.GetRecords`.
    pub async fn call(&self, service: &str, target: &str, body: &Value) -> anyhow::Result<Value> {
        let request = Request::post(format!("{}/", self.service(service)))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target)
            .body(Bytes::from(body.to_string()))?;
        let answer = self.http.send(service, request).await.map_err(|error| anyhow!(causes(&*error)))?;
        if !answer.status.is_success() {
            bail!("{target} is refused: {} {}", answer.status, answer.message());
        }
        serde_json::from_slice(&answer.body).with_context(|| format!("{target} answers no JSON"))
    }

    /// Calls an address, signed for a service or not.
    pub async fn rest(
        &self,
        service: Option<&str>,
        method: Method,
        url: &str,
        body: impl Into<Bytes>,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::new(body.into());
        *request.method_mut() = method;
        *request.uri_mut() = url.parse().with_context(|| format!("{url} is no address"))?;
        let answer = match service {
            Some(service) => {
                let json = http::HeaderValue::from_static("application/json");
                request.headers_mut().insert(http::header::CONTENT_TYPE, json);
                self.http.send(service, request).await
            }
            None => self.http.exchange(request).await,
        };
        answer.map_err(|error| anyhow!("{url}: {}", causes(&*error)))
    }

    /// Creates a resource with API Gateway's API.
    pub async fn create(&self, path: &str, body: &Value) -> anyhow::Result<(StatusCode, Value)> {
        let url = format!("{}{path}", self.service("apigateway"));
        let answer = self.rest(Some("apigateway"), Method::POST, &url, body.to_string()).await?;
        Ok((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
    }
}
