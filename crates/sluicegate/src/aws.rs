//! Calls to SQS, Kinesis and `@connections`, on AWS or any target.

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::Value;
use signed_http::{Answer, Limits, SignedHttp, causes, connections, credentials};
use std::time::Duration;

/// Bytes of one answer, at most: GetRecords gives up to 10 MB of data, in base64.
const ANSWER_BYTES_MAX: usize = 16 * 1_024 * 1_024;
/// Time for one call.
const CALL_MAX: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy)]
pub enum Service {
    Sqs,
    Kinesis,
}

pub struct Aws {
    http: SignedHttp,
    sqs: String,
    kinesis: String,
}

#[derive(Debug, thiserror::Error)]
#[error("{operation} is refused: {code}: {message}")]
pub struct Refused {
    operation: String,
    /// Such as `ProvisionedThroughputExceededException`.
    pub code: String,
    pub status: StatusCode,
    message: String,
}

impl Refused {
    /// Reads the code and message of an error response.
    pub fn of(operation: &str, answer: &Answer) -> Self {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let code = said["__type"].as_str().unwrap_or(answer.status.as_str());
        let code = code.rsplit('#').next().unwrap_or(code).to_owned();
        Self { operation: operation.into(), code, status: answer.status, message: answer.message() }
    }
}

impl Aws {
    /// Credentials, region and endpoints from the environment.
    pub fn from_environment() -> anyhow::Result<Self> {
        Self::new(&|name| std::env::var(name).ok())
    }

    /// As [`from_environment`](Self::from_environment), with the variables that `lookup` knows.
    pub fn new(lookup: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let keys = credentials::read(&lookup).map_err(|error| anyhow!(error))?;
        let suffix = if keys.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let endpoint = |variable: &str, service: &str| {
            let given = lookup(variable).or_else(|| lookup("AWS_ENDPOINT_URL"));
            given.map_or_else(
                || format!("https://{service}.{}.{suffix}", keys.region),
                |url| url.trim_end_matches('/').to_owned(),
            )
        };
        let sqs = endpoint("AWS_ENDPOINT_URL_SQS", "sqs");
        let kinesis = endpoint("AWS_ENDPOINT_URL_KINESIS", "kinesis");
        let needs_tls = sqs.starts_with("https:") || kinesis.starts_with("https:");
        let limits = Limits {
            connect: Duration::from_secs(5),
            request: CALL_MAX,
            response_bytes_max: ANSWER_BYTES_MAX,
        };
        let http = SignedHttp::new(&keys, needs_tls, limits)
            .map_err(|error| anyhow!("{}", causes(error.as_ref())))?;
        Ok(Self { http, sqs, kinesis })
    }

    /// Calls an operation with a JSON body and returns its JSON response.
    pub async fn call(&self, service: Service, operation: &str, body: &Value) -> anyhow::Result<Value> {
        let (name, endpoint, prefix, version) = match service {
            Service::Sqs => ("sqs", &self.sqs, "AmazonSQS", "1.0"),
            Service::Kinesis => ("kinesis", &self.kinesis, "Kinesis_20131202", "1.1"),
        };
        let request = Request::post(format!("{endpoint}/"))
            .header("content-type", format!("application/x-amz-json-{version}"))
            .header("x-amz-target", format!("{prefix}.{operation}"))
            .body(Bytes::from(body.to_string()))
            .with_context(|| format!("{endpoint} is not a valid endpoint URL"))?;
        self.send(name, endpoint, operation, request).await
    }

    /// Calls `@connections` of the stage at `endpoint`: GET, POST or DELETE.
    pub async fn connection(
        &self,
        endpoint: &str,
        method: Method,
        id: &str,
        message: impl Into<Bytes>,
    ) -> anyhow::Result<Value> {
        let operation = format!("{method} @connections");
        let request = Request::builder()
            .method(method)
            .uri(connections::uri(endpoint, id))
            .body(message.into())
            .with_context(|| format!("{endpoint} is not a valid endpoint URL"))?;
        self.send(connections::SERVICE, endpoint, &operation, request).await
    }

    async fn send(
        &self,
        service: &str,
        endpoint: &str,
        operation: &str,
        request: Request<Bytes>,
    ) -> anyhow::Result<Value> {
        let answer = self.http.send(service, request).await;
        let answer =
            answer.map_err(|error| anyhow!("no response from {endpoint}: {}", causes(error.as_ref())))?;
        if !answer.status.is_success() {
            bail!(Refused::of(operation, &answer));
        }
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer.body)
            .with_context(|| format!("the response of {operation} is not JSON"))
    }
}

/// A required string member of a response.
pub fn text<'a>(answer: &'a Value, member: &str) -> anyhow::Result<&'a str> {
    answer[member].as_str().with_context(|| format!("the response has no {member}"))
}
