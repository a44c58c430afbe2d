//! The control plane from outside: requests, answers, and their effect on the data plane.

mod aliases;
mod api_gateway;
mod authorizers;
mod function_states;
mod hostile;
mod integrations;
mod invoke;
mod lambda;
mod listings;
mod managed_policies;
mod protocols;
mod state;
mod sweep;
mod versions;

use crate::core::temp_folder::TempFolder;
use crate::emulator::{Emulator, EmulatorOptions};
use crate::services::kinesis::tests as kinesis;
use crate::services::lambda::event_source_mapping::config::MappingConfig;
use crate::services::lambda::invocation::config::FunctionConfig;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const STREAM: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/events";
const ROLE: &str = "arn:aws:iam::000000000000:role/flow";
const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:faults";

/// An emulator without a listener.
struct Api {
    emulator: Emulator,
    host: &'static str,
}

impl Api {
    async fn new() -> Self {
        Self::at("127.0.0.1:4566").await
    }

    async fn at(host: &'static str) -> Self {
        Self::settling(host, Duration::ZERO).await
    }

    /// With functions that are `Pending` or `InProgress` for so long.
    async fn settling(host: &'static str, settle_time: Duration) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], 4566));
        let folder = TempFolder::create().unwrap();
        let options =
            EmulatorOptions { function_settle_time: Some(settle_time), ..EmulatorOptions::default() };
        let emulator = Emulator::assemble(address, options, folder, None).await;
        Self { emulator, host }
    }

    /// Creates [`STREAM`] and a consumer of it; returns the consumer's ARN.
    async fn stream(&self) -> String {
        let create = json!({"StreamName": "events", "ShardCount": 1});
        kinesis::call(&self.emulator.app.streams, "CreateStream", &create).await;
        let register = json!({"StreamARN": STREAM, "ConsumerName": "echo"});
        let made = kinesis::call(&self.emulator.app.streams, "RegisterStreamConsumer", &register).await;
        made["Consumer"]["ConsumerARN"].as_str().unwrap().to_owned()
    }

    /// The hosted function, if there is exactly one.
    fn hosted(&self) -> Option<Arc<FunctionConfig>> {
        at_most_one(self.emulator.app.functions.configs())
    }

    /// The running mapping, if there is exactly one.
    fn mapped(&self) -> Option<MappingConfig> {
        at_most_one(self.emulator.app.mappings.configs())
    }

    async fn send(&self, request: Request<Bytes>) -> (http::response::Parts, Bytes) {
        let (parts, body) = request.into_parts();
        let (parts, body) = self.emulator.app.aws_api.handle(parts, body).await.into_parts();
        (parts, body.collect().await.unwrap().to_bytes())
    }

    /// Calls a REST service.
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

    /// A call that must be refused; returns its message.
    async fn refused(&self, method: &str, path: &str, body: Value) -> (StatusCode, String) {
        let (status, answer) = self.rest(method, path, body).await;
        assert!(status.is_client_error(), "{method} {path}: {status} {answer}");
        let message = answer["message"].as_str().or(answer["Message"].as_str()).unwrap_or_default();
        (status, message.to_owned())
    }

    /// A call of the Query protocol; returns the answer's XML.
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

fn at_most_one<T>(mut all: Vec<T>) -> Option<T> {
    assert!(all.len() <= 1, "{} instead of one at most", all.len());
    all.pop()
}
