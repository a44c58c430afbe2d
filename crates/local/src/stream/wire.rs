//! The Kinesis wire API on the plane's port: JSON and CBOR, every operation that ferrokinesis has.

use super::encoding::Encoding;
use super::{PutError, Streams};
use crate::account::{stream_arn_of_arn, stream_name_of_arn};
use crate::identity::{self, Principal};
use crate::storage::StorageError;
use axum::body::Body;
use bytes::Bytes;
use ferrokinesis::types::StreamStatus;
use ferrokinesis::{sequence, shard_iterator};
use http::{Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt as _, Collected};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::time::Duration;
use tower_service::Service as _;

/// What the `X-Amz-Target` header of a Kinesis call begins with.
pub const TARGET_PREFIX: &str = "Kinesis_20131202.";
/// On-demand streams of an account, at most; the library says 0, which Terraform takes for the truth.
const ON_DEMAND_STREAMS_MAX: u32 = 50;
/// Shards of a new on-demand stream: what writes 4 MB and 4,000 records a second. The library wants a number.
const ON_DEMAND_SHARDS: u32 = 4;
/// Between two looks at a stream that is changing.
const SETTLED_LOOK_EVERY: Duration = Duration::from_millis(1);
/// Looks at a stream that is changing, at most.
const SETTLED_LOOKS_MAX: u32 = 5_000;

impl Streams {
    /// Answers one call of the wire API.
    pub async fn handle(&self, parts: Parts, mut body: Bytes) -> Response<Body> {
        let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or("");
        let operation = target.strip_prefix(TARGET_PREFIX).unwrap_or_default().to_owned();
        let encoding = Encoding::of(&parts.headers);
        let mut request = encoding.decode(&body);
        if let Err(error) = self.authorize(&parts, &operation, &request) {
            return refuse(encoding, &error);
        }
        if is_signed(&parts) && matches!(operation.as_str(), "PutRecord" | "PutRecords") {
            let key = request["PartitionKey"].as_str().unwrap_or_default();
            if let Some(held) = self.faults.hold(key) {
                held.wait().await;
            }
            let answer = self.put(&operation, encoding, &request, &body).await;
            self.faults.release(key);
            return answer;
        }
        if is_signed(&parts) && operation == "SubscribeToShard" {
            return self.subscribe(encoding, &request).await.unwrap_or_else(|error| refuse(encoding, &error));
        }
        let is_amended = match operation.as_str() {
            "CreateStream" => with_shard_count(&mut request),
            "GetShardIterator" => self.with_tail(&mut request),
            _ => false,
        };
        if is_amended {
            body = encoding.encode(&request).into();
        }
        if let Some(stream) = iterated(&operation, &request).filter(|stream| self.open.contains_key(stream)) {
            return self.undisturbed(&stream, self.library(parts, body)).await;
        }
        if is_read(&operation) {
            let response = self.library(parts, body).await;
            return match operation.as_str() {
                "DescribeStreamConsumer" => amended(response, encoding, with_stream_arn).await,
                "DescribeLimits" => amended(response, encoding, with_on_demand_limit).await,
                _ => response,
            };
        }
        match stream_of(&request) {
            Some(stream) => self.change(&stream, &operation, encoding, &request, parts, body).await,
            None => {
                let response = self.library(parts, body).await;
                self.kept(encoding, response, self.keep_account()).await
            }
        }
    }

    async fn library(&self, parts: Parts, body: Bytes) -> Response<Body> {
        let call = http::Request::from_parts(parts, Body::from(body));
        self.router.clone().call(call).await.unwrap_or_else(|never| match never {})
    }

    /// A call that changes a stream. It is answered when the change is through and kept: until then nothing is
    /// appended, so that each record finds the shards that are kept.
    async fn change(
        &self,
        stream: &str,
        operation: &str,
        encoding: Encoding,
        request: &Value,
        parts: Parts,
        body: Bytes,
    ) -> Response<Body> {
        let open = self.open(stream);
        let mut routes = open.append.lock().await;
        let mut response = self.library(parts, body).await;
        if response.status().is_success() {
            if operation == "CreateStream" {
                self.tag(stream, request).await;
            }
            if !self.settled(stream).await {
                open.tails.clear();
            }
            *routes = None;
            response = self.kept(encoding, response, self.keep(stream)).await;
        }
        drop(routes);
        open.wake_all();
        response
    }

    /// Waits until a change is through. Answers whether the stream is still there.
    async fn settled(&self, stream: &str) -> bool {
        for _ in 0..SETTLED_LOOKS_MAX {
            match self.store.get_stream(stream).await {
                Ok(stream) if stream.stream_status == StreamStatus::Active => return true,
                Ok(_) => tokio::time::sleep(SETTLED_LOOK_EVERY).await,
                Err(_) => return false,
            }
        }
        tracing::warn!(stream, "a change to the stream does not end");
        true
    }

    /// An answer, unless what it answers to cannot be kept.
    async fn kept(
        &self,
        encoding: Encoding,
        response: Response<Body>,
        keeping: impl Future<Output = Result<(), StorageError>>,
    ) -> Response<Body> {
        match keeping.await {
            Ok(()) => response,
            Err(error) => {
                refuse(encoding, &PutError::internal(&format!("the change could not be kept: {error}")))
            }
        }
    }

    /// LATEST as the sequence number that it means here: the library does not see our appends. Answers whether
    /// anything changed.
    fn with_tail(&self, request: &mut Value) -> bool {
        let Some(stream) = stream_of(request) else { return false };
        request["StreamName"] = stream.as_str().into();
        if request["ShardIteratorType"] == "LATEST" && request["StartingSequenceNumber"].is_null() {
            let shard = request["ShardId"].as_str().and_then(|id| sequence::resolve_shard_id(id).ok());
            let tails = self.open.get(&stream).map(|open| open.tails()).unwrap_or_default();
            match shard.and_then(|(_, index)| tails.get(&index).cloned()) {
                Some(tail) => {
                    request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER".into();
                    request["StartingSequenceNumber"] = tail.as_ref().into();
                }
                None => request["ShardIteratorType"] = "TRIM_HORIZON".into(),
            }
        }
        true
    }

    /// Keeps the tags of CreateStream, which the library drops.
    async fn tag(&self, stream: &str, request: &Value) {
        let tags = request["Tags"].as_object().into_iter().flatten();
        let tags: Vec<_> =
            tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
        if !tags.is_empty() {
            // It fails only where the stream is gone again already.
            let extend = |stream: &mut ferrokinesis::types::Stream| {
                stream.tags.extend(tags);
                Ok(())
            };
            let _ = self.store.update_stream(stream, extend).await;
        }
    }

    async fn put(&self, operation: &str, encoding: Encoding, request: &Value, body: &[u8]) -> Response<Body> {
        let as_json = match encoding {
            Encoding::Json => Cow::Borrowed(body),
            Encoding::Cbor => Cow::Owned(Encoding::Json.encode(request)),
        };
        let answer = match operation {
            "PutRecord" => self.put_record(&as_json).await.map(|placed| json!(placed)),
            _ => self.put_records(&as_json).await,
        };
        match answer {
            Ok(answer) => respond(encoding, StatusCode::OK, &answer),
            Err(error) => refuse(encoding, &error),
        }
    }

    /// A role's call must be allowed by its policies; the account's own keys may do everything.
    fn authorize(&self, parts: &Parts, operation: &str, request: &Value) -> Result<(), PutError> {
        let unknown_key = || PutError {
            status: 400,
            code: "UnrecognizedClientException".into(),
            message: "The security token included in the request is invalid.".into(),
        };
        let caller = identity::caller(&self.permissions, parts).ok_or_else(unknown_key)?;
        if caller == Principal::Account {
            return Ok(());
        }
        let resource = match (&request["ConsumerARN"], &request["StreamARN"], &request["StreamName"]) {
            (Value::String(arn), _, _) | (_, Value::String(arn), _) => arn.clone(),
            (_, _, Value::String(name)) => self.account.stream_arn(name),
            _ => "*".into(),
        };
        self.permissions
            .check(&caller, &format!("kinesis:{operation}"), &resource)
            .map_err(|denied| PutError::denied(&denied))
    }
}

/// The stream that a request is about.
fn stream_of(request: &Value) -> Option<String> {
    if let Some(name) = request["StreamName"].as_str() {
        return Some(name.to_owned());
    }
    let arn =
        ["StreamARN", "ConsumerARN", "ResourceARN"].iter().find_map(|member| request[*member].as_str())?;
    stream_name_of_arn(arn).map(String::from)
}

/// The stream of GetRecords, which an iterator names.
fn iterated(operation: &str, request: &Value) -> Option<String> {
    let iterator = request["ShardIterator"].as_str().filter(|_| operation == "GetRecords")?;
    shard_iterator::decode_shard_iterator(iterator).ok().map(|(_, stream, _, _)| stream)
}

/// By a header, or by the query as a presigned URL is. What is not meets the library's refusal.
fn is_signed(parts: &Parts) -> bool {
    let query = parts.uri.query().unwrap_or_default();
    parts.headers.contains_key(header::AUTHORIZATION) || query.contains("X-Amz-Signature=")
}

/// Gives a new on-demand stream the shards that the library wants named.
fn with_shard_count(request: &mut Value) -> bool {
    let is_on_demand =
        request["StreamModeDetails"]["StreamMode"] == "ON_DEMAND" && request["ShardCount"].is_null();
    if is_on_demand {
        request["ShardCount"] = ON_DEMAND_SHARDS.into();
    }
    is_on_demand
}

fn is_read(operation: &str) -> bool {
    ["Get", "List", "Describe"].iter().any(|verb| operation.starts_with(verb))
}

/// Adds the consumer's stream, which the library leaves out of its answer and the API's model requires.
fn with_stream_arn(answer: &mut Value) {
    let description = &mut answer["ConsumerDescription"];
    let stream_arn = description["ConsumerARN"].as_str().and_then(stream_arn_of_arn).map(String::from);
    description["StreamARN"] = stream_arn.into();
}

fn with_on_demand_limit(answer: &mut Value) {
    answer["OnDemandStreamCountLimit"] = ON_DEMAND_STREAMS_MAX.into();
}

/// An answer of the library with something put right.
async fn amended(response: Response<Body>, encoding: Encoding, amend: fn(&mut Value)) -> Response<Body> {
    if !response.status().is_success() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
    let mut answer = encoding.decode(&body);
    amend(&mut answer);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(encoding.encode(&answer)))
}

fn respond(encoding: Encoding, status: StatusCode, answer: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(encoding.encode(answer)));
    *response.status_mut() = status;
    let content_type = header::HeaderValue::from_static(encoding.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    if let Ok(id) = header::HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

fn refuse(encoding: Encoding, error: &PutError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = respond(encoding, status, &error.to_json());
    if let Ok(code) = header::HeaderValue::from_str(&error.code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}
