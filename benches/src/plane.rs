//! A plane in this process, whose mapping is off: a benchmark hands batches to functions itself.

use crate::{PATIENCE, project};
use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use local::compose::{Composed, compose};
use local::package::{Packing, package};
use local::plane::{Plane, PlaneOptions};
use local::stack::Stack;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use tokio::net::TcpListener;

/// The project's stack with echo alone, not fed by its mapping.
const VALUES: &str = "functions = { echo = { enabled = false } }";

/// A running plane.
pub struct BenchPlane {
    /// The plane.
    pub plane: Plane,
    /// What is deployed on it.
    pub stack: Stack,
    /// Where it is reached.
    pub composed: Composed,
}

impl BenchPlane {
    /// Starts it on a free port. `echo` is the function's binary.
    ///
    /// # Errors
    /// Where the stack is wrong or the plane refuses it.
    pub async fn start(echo: &Path) -> anyhow::Result<Self> {
        let mut values = tempfile::Builder::new().suffix(".tfvars").tempfile()?;
        values.write_all(VALUES.as_bytes())?;
        let stack = Stack::read(&project(), &[values.path().to_owned()])?;
        let plane = Plane::start(TcpListener::bind("127.0.0.1:0").await?, PlaneOptions::default()).await?;
        let binary = std::fs::read(echo).with_context(|| format!("cannot read {}", echo.display()))?;
        let zips = BTreeMap::from([("echo".to_owned(), Bytes::from(package(&binary, Packing::Stored)?))]);
        let composed = compose(&plane, &stack, &zips).await?;
        Ok(Self { plane, stack, composed })
    }

    /// `ws://127.0.0.1:{port}/{stage}`
    pub fn uri(&self) -> String {
        format!("ws://{}/{}", self.plane.address(), self.stack.stage)
    }

    /// The data of every record in the stream's first shard, oldest first, once there are `count`.
    ///
    /// # Errors
    /// Where there are fewer after [`PATIENCE`].
    pub async fn records(&self, count: usize) -> anyhow::Result<Vec<Value>> {
        let name = self.stack.stream_name();
        let from = json!({"StreamName": name, "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"});
        let mut iterator = self.kinesis("GetShardIterator", &from).await?["ShardIterator"].take();
        let mut records = Vec::new();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while records.len() < count {
            ensure!(
                tokio::time::Instant::now() < deadline,
                "{} of {count} records are in the stream",
                records.len()
            );
            let mut answer = self.kinesis("GetRecords", &json!({"ShardIterator": iterator})).await?;
            for record in answer["Records"].as_array().into_iter().flatten() {
                let data = STANDARD.decode(record["Data"].as_str().unwrap_or_default())?;
                records.push(serde_json::from_slice(&data).context("a record is no JSON")?);
            }
            iterator = answer["NextShardIterator"].take();
            tokio::task::yield_now().await;
        }
        Ok(records)
    }

    async fn kinesis(&self, operation: &str, body: &Value) -> anyhow::Result<Value> {
        let request = http::Request::post("/")
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("Kinesis_20131202.{operation}"))
            .header("x-amz-date", "20260101T000000Z")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=developer/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0",
            )
            .body(Bytes::from(body.to_string()))?;
        let response = self.plane.call(request).await;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            bail!("{operation} failed with {status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(serde_json::from_slice(&body)?)
    }
}
