//! Calls to an emulator's control plane without an SDK, for services whose SDKs the tests do not otherwise need.

use bytes::Bytes;
use emulator::Emulator;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::fmt::Write as _;

/// Calls an operation of a service with the JSON protocol, such as `AmazonSQS.ReceiveMessage`.
pub async fn json(emulator: &Emulator, target: &str, body: &Value) -> Value {
    let service = target.split(['_', '.']).next().unwrap_or_default();
    let (service, version) = if service == "AmazonSQS" { ("sqs", "1.0") } else { ("logs", "1.1") };
    let content_type = format!("application/x-amz-json-{version}");
    let answer = send(emulator, service, &content_type, Some(target), body.to_string()).await;
    serde_json::from_str(&answer)
        .unwrap_or_else(|error| panic!("{target} answers no JSON: {error}: {answer}"))
}

/// Calls an operation of IAM by its `Action` and parameters; returns XML.
pub async fn iam(emulator: &Emulator, parameters: &[(&str, &str)]) -> String {
    let mut form = "Version=2010-05-08".to_owned();
    for (name, value) in parameters {
        let _ = write!(form, "&{name}={}", encoded(value));
    }
    send(emulator, "iam", "application/x-www-form-urlencoded", None, form).await
}

/// Credentials of a role's session, as an environment has them.
pub async fn assume_role(emulator: &Emulator, role_arn: &str) -> [(&'static str, String); 3] {
    let form =
        format!("Version=2011-06-15&Action=AssumeRole&RoleSessionName=test&RoleArn={}", encoded(role_arn));
    let answer = send(emulator, "sts", "application/x-www-form-urlencoded", None, form).await;
    let text = |element: &str| {
        let after = answer.split_once(&format!("<{element}>")).map(|(_, after)| after);
        let text = after.and_then(|after| after.split_once('<')).map(|(text, _)| text.to_owned());
        text.unwrap_or_else(|| panic!("no {element} in {answer}"))
    };
    [
        ("AWS_ACCESS_KEY_ID", text("AccessKeyId")),
        ("AWS_SECRET_ACCESS_KEY", text("SecretAccessKey")),
        ("AWS_SESSION_TOKEN", text("SessionToken")),
    ]
}

/// Waits until a function is neither `Pending` nor `InProgress`, because it cannot be invoked or changed before.
pub async fn function_is_settled(emulator: &Emulator, name: &str) {
    crate::eventually("the function is settled", || async {
        let path = format!("/2015-03-31/functions/{name}/configuration");
        let (_, shown) = rest(emulator, "lambda", Method::GET, &path, &Value::Null).await;
        is_settled(&shown)
    })
    .await;
}

/// Whether a function with this FunctionConfiguration can be invoked and changed.
pub fn is_settled(configuration: &Value) -> bool {
    configuration["State"] == "Active" && configuration["LastUpdateStatus"] == "Successful"
}

/// Calls a REST service, which is API Gateway or Lambda; returns the status and the document.
pub async fn rest(
    emulator: &Emulator,
    service: &str,
    method: Method,
    path: &str,
    body: &Value,
) -> (StatusCode, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = request(service, method, path, "application/json").body(Bytes::from(body));
    let response = emulator.call(request.expect("a sound request")).await;
    let status = response.status();
    let body = response.into_body().collect().await.expect("an answer").to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn request(service: &str, method: Method, path: &str, content_type: &str) -> http::request::Builder {
    let scope = format!("developer/20260101/us-east-1/{service}/aws4_request");
    let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, authorization)
        .header(header::CONTENT_TYPE, content_type)
}

async fn send(
    emulator: &Emulator,
    service: &str,
    content_type: &str,
    target: Option<&str>,
    body: String,
) -> String {
    let mut request = request(service, Method::POST, "/", content_type);
    if let Some(target) = target {
        request = request.header("x-amz-target", target);
    }
    let request = request.body(Bytes::from(body)).expect("a sound request");
    let response = emulator.call(request).await;
    let status = response.status();
    let body = response.into_body().collect().await.expect("an answer").to_bytes();
    let text = String::from_utf8_lossy(&body).into_owned();
    assert!(status.is_success(), "{service} refuses {target:?} with {status}: {text}");
    text
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
