//! The calls, in the protocol that Terraform uses for each service.

use super::{ComposeError, Composer, ControlPlane};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::BodyExt as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

impl Composer<'_> {
    pub(super) async fn kinesis(&self, operation: &str, body: &Value) -> Result<Value, ComposeError> {
        self.target("kinesis", "Kinesis_20131202", operation, body).await
    }

    pub(super) async fn target(
        &self,
        service: &str,
        api: &str,
        operation: &str,
        body: &Value,
    ) -> Result<Value, ComposeError> {
        call(self.emulator, service, Method::POST, "/", Some(&format!("{api}.{operation}")), body).await
    }

    pub(super) async fn api_gateway(&self, below: &str, body: &Value) -> Result<Value, ComposeError> {
        call(self.emulator, "apigateway", Method::POST, &format!("/v2/apis{below}"), None, body).await
    }

    pub(super) async fn lambda(&self, path: &str, body: &Value) -> Result<Value, ComposeError> {
        call(self.emulator, "lambda", Method::POST, path, None, body).await
    }

    pub(super) async fn iam(&self, parameters: &[(&str, &str)]) -> Result<(), ComposeError> {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut form = "Version=2010-05-08".to_owned();
        for (name, value) in parameters {
            form.push_str(&format!("&{}={}", encode(name), encode(value)));
        }
        let what = format!("iam {}", parameters[0].1);
        let request =
            request(self.emulator, "iam", Method::POST, "/", "application/x-www-form-urlencoded", None, form);
        send(self.emulator, &what, request).await.map(drop)
    }
}

pub(super) async fn call(
    emulator: &dyn ControlPlane,
    service: &str,
    method: Method,
    path: &str,
    target: Option<&str>,
    body: &Value,
) -> Result<Value, ComposeError> {
    let (content_type, what) = match (service, target) {
        ("sqs", Some(target)) => ("application/x-amz-json-1.0", target.to_owned()),
        (_, Some(target)) => ("application/x-amz-json-1.1", target.to_owned()),
        (_, None) => ("application/json", format!("{service} {method} {path}")),
    };
    let request = request(emulator, service, method, path, content_type, target, body.to_string());
    let answer = send(emulator, &what, request).await?;
    Ok(serde_json::from_slice(&answer).unwrap_or_default())
}

fn request(
    emulator: &dyn ControlPlane,
    service: &str,
    method: Method,
    path: &str,
    content_type: &str,
    target: Option<&str>,
    body: String,
) -> Request<Bytes> {
    // The account's own key: its signature is not verified, and the scope names the service.
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=sluicegate/20260101/{}/{service}/aws4_request, SignedHeaders=host, Signature=0",
        emulator.account().region()
    );
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = method;
    if let Ok(uri) = path.parse() {
        *request.uri_mut() = uri;
    }
    let mut set = |name: header::HeaderName, value: &str| {
        if let Ok(value) = header::HeaderValue::from_str(value) {
            request.headers_mut().insert(name, value);
        }
    };
    set(header::AUTHORIZATION, &authorization);
    set(header::CONTENT_TYPE, content_type);
    set(header::HeaderName::from_static("x-amz-date"), "20260101T000000Z");
    if let Some(target) = target {
        set(header::HeaderName::from_static("x-amz-target"), target);
    }
    request
}

async fn send(
    emulator: &dyn ControlPlane,
    what: &str,
    request: Request<Bytes>,
) -> Result<Bytes, ComposeError> {
    let response = emulator.call(request).await;
    let status = response.status();
    let body =
        response.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    if status.is_success() {
        return Ok(body);
    }
    Err(ComposeError {
        call: what.to_owned(),
        status: status.as_u16(),
        answer: String::from_utf8_lossy(&body).into_owned(),
    })
}
