//! A client of the AWS APIs over one kept-alive HTTP connection, fast enough not to dominate the measurement.

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;

/// Any key of the account: no emulator here checks its signature.
const KEY: &str = "Credential=developer/20260101/us-east-1";

pub struct AwsClient {
    host: HeaderValue,
    sender: SendRequest<Full<Bytes>>,
}

impl AwsClient {
    /// Connects to `127.0.0.1`.
    pub async fn connect(port: u16) -> anyhow::Result<Self> {
        let host = HeaderValue::try_from(format!("127.0.0.1:{port}"))?;
        Ok(Self { sender: connection(&host).await?, host })
    }

    pub async fn kinesis(&mut self, operation: &str, body: &Value) -> anyhow::Result<Value> {
        let response = self.start("kinesis", Method::POST, "/", Some(operation), body).await?;
        read(operation, response).await
    }

    /// PutRecords with a prepared body; every record must be accepted.
    pub async fn put_records(&mut self, body: Bytes) -> anyhow::Result<()> {
        let response = self.send("kinesis", Method::POST, "/", Some("PutRecords"), body).await?;
        let status = response.status();
        let answer = response.into_body().collect().await?.to_bytes();
        let is_taken = answer.starts_with(br#"{"FailedRecordCount":0,"#);
        ensure!(status.is_success() && is_taken, "{status}: {}", String::from_utf8_lossy(&answer));
        Ok(())
    }

    pub async fn rest(
        &mut self,
        service: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let response = self.start(service, method, path, None, body).await?;
        read(path, response).await
    }

    /// Calls a Kinesis operation whose answer is a stream of events.
    pub async fn subscribe(&mut self, body: &Value) -> anyhow::Result<Incoming> {
        let response = self.start("kinesis", Method::POST, "/", Some("SubscribeToShard"), body).await?;
        ensure!(response.status().is_success(), "SubscribeToShard failed with {}", response.status());
        Ok(response.into_body())
    }

    /// Posts a body unchanged.
    pub async fn post(&mut self, path: &str, body: Bytes) -> anyhow::Result<()> {
        let response = self.send("execute-api", Method::POST, path, None, body).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "{path} failed with {status}: {}", String::from_utf8_lossy(&body));
        Ok(())
    }

    async fn start(
        &mut self,
        service: &str,
        method: Method,
        path: &str,
        operation: Option<&str>,
        body: &Value,
    ) -> anyhow::Result<http::Response<Incoming>> {
        self.send(service, method, path, operation, body.to_string().into()).await
    }

    async fn send(
        &mut self,
        service: &str,
        method: Method,
        path: &str,
        operation: Option<&str>,
        body: Bytes,
    ) -> anyhow::Result<http::Response<Incoming>> {
        let scope = format!("{KEY}/{service}/aws4_request, SignedHeaders=host, Signature=0");
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", format!("AWS4-HMAC-SHA256 {scope}"));
        request = match operation {
            Some(operation) => request
                .header("content-type", "application/x-amz-json-1.1")
                .header("x-amz-target", format!("Kinesis_20131202.{operation}")),
            None => request.header("content-type", "application/json"),
        };
        self.forward(request.body(body)?).await
    }

    /// Sends a request, after adding its host.
    pub async fn forward(&mut self, mut request: Request<Bytes>) -> anyhow::Result<http::Response<Incoming>> {
        request.headers_mut().insert(header::HOST, self.host.clone());
        // A server may close a connection between two requests, as LocalStack's does after CreateStream.
        if self.sender.ready().await.is_err() {
            self.sender = connection(&self.host).await?;
        }
        Ok(self.sender.send_request(request.map(Full::new)).await?)
    }
}

/// A new connection to a host.
async fn connection(host: &HeaderValue) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let socket = TcpStream::connect(host.to_str()?).await.with_context(|| format!("{host:?}"))?;
    socket.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(socket)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn read(call: &str, response: http::Response<Incoming>) -> anyhow::Result<Value> {
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    ensure!(status.is_success(), "{call} failed with {status}: {}", String::from_utf8_lossy(&body));
    Ok(serde_json::from_slice(&body).unwrap_or_default())
}

/// The time of day, which all processes of a machine share.
pub fn now_ns() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(since.unwrap_or(Duration::ZERO).as_nanos()).unwrap_or(u64::MAX)
}
