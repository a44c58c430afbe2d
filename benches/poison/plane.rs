//! The project's own stack on a plane in this process, fed by its mapping, with the library's defaults.

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use local::compose::compose;
use local::package::{Packing, package};
use local::plane::{Plane, PlaneOptions};
use local::stack::Stack;
use serde_json::{Value, json};
use sluicegate_benches::{PATIENCE, built, project};
use std::collections::BTreeMap;
use std::io::Write as _;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

/// A running plane with echo on it.
pub struct EchoPlane {
    /// The plane.
    pub plane: Plane,
    /// `ws://127.0.0.1:{port}/{stage}`
    pub uri: String,
    queue: String,
}

impl EchoPlane {
    /// Builds `functions/echo` as it is deployed, and starts it on a free port.
    pub async fn start() -> anyhow::Result<Self> {
        let mut values = tempfile::Builder::new().suffix(".tfvars").tempfile()?;
        values.write_all(b"functions = { echo = {} }")?;
        let stack = Stack::read(&project(), &[values.path().to_owned()])?;
        let plane = Plane::start(TcpListener::bind("127.0.0.1:0").await?, PlaneOptions::default()).await?;
        let binary = std::fs::read(built::echo()?)?;
        let zips = BTreeMap::from([("echo".to_owned(), Bytes::from(package(&binary, Packing::Stored)?))]);
        compose(&plane, &stack, &zips).await?;
        let uri = format!("ws://{}/{}", plane.address(), stack.stage);
        Ok(Self { plane, uri, queue: format!("{}-faults", stack.function_name("echo")) })
    }

    /// Waits until so many records are in the function's fault queue, and empties it.
    pub async fn take_faults(&self, count: usize) -> anyhow::Result<()> {
        let url = format!("http://localhost/{}/{}", self.plane.account().id, self.queue);
        let ask = json!({"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"]});
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.sqs("GetQueueAttributes", &ask).await?;
            let found = answer["Attributes"]["ApproximateNumberOfMessages"].as_str().unwrap_or_default();
            let found: usize = found.parse().context("the queue does not count its messages")?;
            if found >= count {
                ensure!(found == count, "{found} records are in the fault queue, not {count}");
                self.sqs("PurgeQueue", &json!({ "QueueUrl": url })).await?;
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{found} of {count} records are in the fault queue");
            sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn sqs(&self, operation: &str, body: &Value) -> anyhow::Result<Value> {
        let request = http::Request::post("/")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AmazonSQS.{operation}"))
            .header("host", "localhost")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=developer/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0",
            )
            .body(Bytes::from(body.to_string()))?;
        let response = self.plane.call(request).await;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            bail!("{operation} failed with {status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }
}
