//! What the port serves.

use crate::core::metrics::Page;
use crate::core::panics;
use crate::dispatch::AwsApi;
use crate::fault_injection::Faults;
use crate::server::guard::Guard;
use crate::services::apigateway::websocket::Gateway;
use crate::services::dynamodb::{self, Tables};
use crate::services::kinesis::{self, Streams};
use crate::services::lambda::event_source_mapping::Mappings;
use crate::services::lambda::invocation::Functions;
use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use serde_json::Value;

/// The parts of one emulator that requests reach.
pub struct App {
    pub guard: Guard,
    /// WebSockets and `@connections`.
    pub gateway: Gateway,
    pub streams: Streams,
    pub tables: Tables,
    pub functions: Functions,
    pub mappings: Mappings,
    /// Every AWS API but Kinesis and DynamoDB.
    pub aws_api: AwsApi,
    pub faults: Faults,
}

impl App {
    /// Answers one AWS API call, from the port or from inside the process.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let target =
            parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        if target.starts_with(kinesis::TARGET_PREFIX) {
            return self.streams.handle(parts, body).await;
        }
        let answer = if target.starts_with(dynamodb::TARGET_PREFIX) {
            self.tables.handle(parts, body).await
        } else {
            self.aws_api.handle(parts, body).await
        };
        answer.map(|body| Body::new(body.map_err(|never| match never {})))
    }

    /// The whole emulator's control state, normalised, so that two emulators can be compared.
    pub async fn state(&self) -> Value {
        let mut state = self.aws_api.state();
        state["streams"] = self.streams.state().await;
        state["tables"] = self.tables.state();
        state
    }

    pub fn metrics(&self) -> String {
        let mut page = Page::default();
        self.gateway.write_metrics(&mut page);
        self.streams.write_metrics(&mut page);
        self.mappings.write_metrics(&mut page);
        self.functions.write_metrics(&mut page);
        page.family(
            panics::PANICS,
            "counter",
            "Panics of tasks in this process; each is a bug of the emulator.",
        );
        page.sample(panics::PANICS, &[], panics::count());
        page.into_text()
    }
}
