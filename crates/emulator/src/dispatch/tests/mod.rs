//! The control plane as its callers meet it: requests in, answers and data-plane calls out.

mod api_gateway;
mod authorizers;
mod hostile;
mod invoke;
mod lambda;
mod protocols;
mod state;
mod sweep;

use super::AwsApi;
use super::data_plane::DataPlane;
use crate::core::account::Account;
use crate::core::lock;
use crate::services::apigateway::websocket::stage::Stage;
use crate::services::iam::Iam;
use crate::services::lambda::event_source_mapping::MappingStatus;
use crate::services::lambda::event_source_mapping::config::MappingConfig;
use crate::services::lambda::invocation::config::FunctionConfig;
use crate::services::lambda::invocation::{InvocationResult, InvokeError, Invoked};
use crate::services::logs::Logs;
use crate::services::sqs::Queues;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const STREAM: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/events";
const CONSUMER: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/events/consumer/echo:1700000000";
const ROLE: &str = "arn:aws:iam::000000000000:role/flow";
const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:faults";

/// What the data plane was told, in order.
#[derive(Default)]
struct Recorder {
    stages: Mutex<Vec<Stage>>,
    told: Mutex<Vec<String>>,
    functions: Mutex<Vec<FunctionConfig>>,
    mappings: Mutex<Vec<MappingConfig>>,
}

impl Recorder {
    fn tell(&self, what: String) {
        lock::lock(&self.told).push(what);
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut lock::lock(&self.told))
    }
}

impl DataPlane for Recorder {
    fn publish_stage(&self, stage: Stage) {
        self.tell(format!("publish {}", stage.name));
        lock::lock(&self.stages).push(stage);
    }

    fn unpublish_stage(&self, _: &str, stage: &str) {
        self.tell(format!("unpublish {stage}"));
    }

    fn put_function(&self, config: FunctionConfig) {
        self.tell(format!("put function {}", config.name));
        lock::lock(&self.functions).push(config);
    }

    fn remove_function(&self, name: &str) {
        self.tell(format!("remove function {name}"));
    }

    fn put_mapping(&self, config: MappingConfig) {
        self.tell(format!("put mapping of {}", config.function_name));
        lock::lock(&self.mappings).push(config);
    }

    fn remove_mapping(&self, _: &str) {
        self.tell("remove mapping".into());
    }

    fn mapping_status(&self, _: &str) -> Option<MappingStatus> {
        None
    }

    fn source_exists<'a>(&'a self, arn: &'a str) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(arn == STREAM || arn == CONSUMER))
    }

    fn invoke<'a>(
        &'a self,
        function: &'a str,
        _: &'a str,
        payload: Bytes,
        wants_log: bool,
    ) -> BoxFuture<'a, Result<Invoked, InvokeError>> {
        self.tell(format!("invoke {function}"));
        let log_tail = wants_log.then(|| "a line\n".to_owned());
        Box::pin(std::future::ready(Ok(Invoked { ended: InvocationResult::Response(payload), log_tail })))
    }
}

/// A control plane over a recorder.
struct Api {
    api: AwsApi,
    emulator: Arc<Recorder>,
    host: &'static str,
    _code: tempfile::TempDir,
}

impl Api {
    fn new() -> Self {
        Self::at("127.0.0.1:4566")
    }

    fn at(host: &'static str) -> Self {
        let account = Account::default();
        let code = tempfile::tempdir().unwrap();
        let iam = Arc::new(Iam::new(account.clone()));
        let logs = Arc::new(Logs::new(account.clone()));
        let queues = Arc::new(Queues::new(account.clone(), iam.clone()));
        let emulator = Arc::new(Recorder::default());
        let api = AwsApi::new(account, iam, logs, queues, emulator.clone(), code.path().to_owned());
        Self { api, emulator, host, _code: code }
    }

    async fn send(&self, request: Request<Bytes>) -> (http::response::Parts, Bytes) {
        let (parts, body) = request.into_parts();
        let (parts, body) = self.api.handle(parts, body).await.into_parts();
        (parts, body.collect().await.unwrap().to_bytes())
    }

    /// A call of a REST service.
    async fn rest(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request =
            Request::builder().method(method).uri(path).header("host", self.host).body(body).unwrap();
        let (parts, body) = self.send(request).await;
        (parts.status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// A call that must succeed.
    async fn made(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.rest(method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        answer
    }

    /// A call that must be refused, and its message.
    async fn refused(&self, method: &str, path: &str, body: Value) -> (StatusCode, String) {
        let (status, answer) = self.rest(method, path, body).await;
        assert!(status.is_client_error(), "{method} {path}: {status} {answer}");
        let message = answer["message"].as_str().or(answer["Message"].as_str()).unwrap_or_default();
        (status, message.to_owned())
    }

    /// A call of the Query protocol; the answer's XML.
    async fn query(&self, version: &str, action: &str, arguments: &[(&str, &str)]) -> (StatusCode, String) {
        let mut form = format!("Action={action}&Version={version}");
        for (name, value) in arguments {
            let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            form.push_str(&format!("&{name}={value}"));
        }
        let request = Request::builder().method("POST").uri("/").body(Bytes::from(form)).unwrap();
        let (parts, body) = self.send(request).await;
        (parts.status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// A role that the services trust, with one policy.
    async fn role(&self, name: &str, actions: &[&str], resources: &[&str]) {
        let services = ["apigateway.amazonaws.com", "lambda.amazonaws.com"];
        let trust = json!({"Statement": {
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": services},
        }});
        let policy = json!({"Statement": {"Effect": "Allow", "Action": actions, "Resource": resources}});
        let trust = [("RoleName", name), ("AssumeRolePolicyDocument", &trust.to_string())];
        let made = self.query("2010-05-08", "CreateRole", &trust).await;
        assert_eq!(made.0, StatusCode::OK, "{}", made.1);
        let policy = [("RoleName", name), ("PolicyName", "p"), ("PolicyDocument", &policy.to_string())];
        let made = self.query("2010-05-08", "PutRolePolicy", &policy).await;
        assert_eq!(made.0, StatusCode::OK, "{}", made.1);
    }
}
