//! An emulator in this process: the project's stack, with functions that are already built.

use crate::{PATIENCE, project, roles};
use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use emulator::package::{Packing, package};
use emulator::provision::stack::Stack;
use emulator::provision::{Composed, compose};
use emulator::services::kinesis::WriteLimits;
use emulator::{Emulator, EmulatorOptions};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;

/// The project's stack with other values.
#[derive(Debug, Clone)]
pub struct Order {
    /// The program of `echo`.
    pub bootstrap: PathBuf,
    /// Functions, each of which sees every event; all but `echo` ignore it.
    pub functions: usize,
    pub batch_size: usize,
    pub shards: usize,
    /// Whether the mappings are enabled; a benchmark may invoke a function with its own batches.
    pub fed: bool,
}

impl Order {
    /// The project's own stack: one function, one shard, batches of 16.
    pub fn of(bootstrap: &Path) -> Self {
        Self { bootstrap: bootstrap.into(), functions: 1, batch_size: 16, shards: 1, fed: true }
    }

    /// Values over those of `terraform/stack.auto.tfvars`; neither the stage nor the shards limit the rate.
    fn values(&self) -> String {
        let Self { batch_size, shards, fed, .. } = self;
        let function =
            |name: String| format!("  {name} = {{ batch_size = {batch_size}, enabled = {fed} }}\n");
        let functions: String = self.names().map(function).collect();
        format!(
            "functions = {{\n{functions}}}\n\
             stream = {{ mode = \"PROVISIONED\", shard_count = {shards}, retention_hours = 24 }}\n"
        )
    }

    pub fn stack(&self) -> anyhow::Result<Stack> {
        let mut values = tempfile::Builder::new().suffix(".tfvars").tempfile()?;
        values.write_all(self.values().as_bytes())?;
        let mut stack = Stack::read(&project(), &[values.path().to_owned()])?;
        // More than a stack may have, since here it is known what is sent.
        (stack.throttling.rate_limit, stack.throttling.burst_limit) = (1e6, 1_000_000);
        Ok(stack)
    }

    fn names(&self) -> impl Iterator<Item = String> {
        (0..self.functions).map(|index| if index == 0 { "echo".to_owned() } else { format!("silent{index}") })
    }

    /// The functions' packages, by key.
    pub fn zips(&self) -> anyhow::Result<BTreeMap<String, Bytes>> {
        let path = self.bootstrap.display();
        let binary = std::fs::read(&self.bootstrap).with_context(|| format!("cannot read {path}"))?;
        let echo = Bytes::from(package(&binary, Packing::Stored)?);
        let silent = Bytes::from(package(roles::bootstrap("hop", &"")?.as_bytes(), Packing::Stored)?);
        let zip = |name: &str| if name == "echo" { echo.clone() } else { silent.clone() };
        Ok(self.names().map(|name| (name.clone(), zip(&name))).collect())
    }
}

pub struct BenchEmulator {
    pub emulator: Emulator,
    pub stack: Stack,
    pub composed: Composed,
}

impl BenchEmulator {
    pub async fn start(order: &Order) -> anyhow::Result<Self> {
        let stack = order.stack()?;
        let options = EmulatorOptions { write_limits: WriteLimits::Lifted, ..EmulatorOptions::default() };
        let emulator = Emulator::start(TcpListener::bind("127.0.0.1:0").await?, options).await?;
        let composed = compose(&emulator, &stack, &order.zips()?).await?;
        Ok(Self { emulator, stack, composed })
    }

    /// `ws://127.0.0.1:{port}/{stage}`
    pub fn uri(&self) -> String {
        format!("ws://{}/{}", self.emulator.address(), self.stack.stage)
    }

    /// The data of every record in the stream's first shard, oldest first, once there are `count`.
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
                records.push(serde_json::from_slice(&data).context("a record is not JSON")?);
            }
            iterator = answer["NextShardIterator"].take();
            tokio::task::yield_now().await;
        }
        Ok(records)
    }

    /// One call of the Kinesis API, from within the process.
    pub async fn kinesis(&self, operation: &str, body: &Value) -> anyhow::Result<Value> {
        self.call("kinesis", "application/x-amz-json-1.1", "Kinesis_20131202", operation, body).await
    }

    /// One call of the SQS API, from within the process.
    pub async fn sqs(&self, operation: &str, body: &Value) -> anyhow::Result<Value> {
        self.call("sqs", "application/x-amz-json-1.0", "AmazonSQS", operation, body).await
    }

    async fn call(
        &self,
        service: &str,
        content_type: &str,
        api: &str,
        operation: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let key = "AWS4-HMAC-SHA256 Credential=developer/20260101/us-east-1";
        let request = http::Request::post("/")
            .header("content-type", content_type)
            .header("x-amz-target", format!("{api}.{operation}"))
            .header("x-amz-date", "20260101T000000Z")
            .header("host", "localhost")
            .header("authorization", format!("{key}/{service}/aws4_request, SignedHeaders=host, Signature=0"))
            .body(Bytes::from(body.to_string()))?;
        let response = self.emulator.call(request).await;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            bail!("{operation} failed with {status}: {}", String::from_utf8_lossy(&body));
        }
        // PurgeQueue's answer is empty.
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }
}
