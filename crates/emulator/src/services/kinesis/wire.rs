//! The Kinesis wire API on the emulator's port, in JSON and CBOR, with every operation of the library.

use super::encoding::Encoding;
use super::get_records::check_iterator;
use super::patch_response::{amended, with_on_demand_limit, with_shard_count, with_stream_arn};
use super::request::{TARGET_PREFIX, iterated_stream, stream_of};
use super::store::types::StreamStatus;
use super::{KinesisError, Streams, reshard};
use crate::core::identity::{self, Principal};
use crate::storage::StorageError;
use axum::body::Body;
use bytes::Bytes;
use http::{Response, StatusCode, header, request::Parts};
use serde_json::{Value, json};
use std::time::Duration;

/// Between two checks of a stream that is changing.
const SETTLED_LOOK_EVERY: Duration = Duration::from_millis(1);
/// Checks of a stream that is changing, at most.
const SETTLED_LOOKS_MAX: u32 = 5_000;

impl Streams {
    pub async fn handle(&self, mut parts: Parts, mut body: Bytes) -> Response<Body> {
        without_parameters(&mut parts);
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
            let answer = self.put(&operation, encoding, &request).await;
            self.faults.release(key);
            return answer;
        }
        if is_signed(&parts) && operation == "SubscribeToShard" {
            return self.subscribe(encoding, &request).await.unwrap_or_else(|error| refuse(encoding, &error));
        }
        if is_signed(&parts)
            && operation == "GetShardIterator"
            && let Err(error) = check_iterator(&request)
        {
            return refuse(encoding, &error);
        }
        let is_amended = match operation.as_str() {
            "CreateStream" => with_shard_count(&mut request),
            "GetShardIterator" => self.with_tail(&mut request),
            _ => false,
        };
        if is_amended {
            body = encoding.encode(&request).into();
        }
        if operation == "GetRecords"
            && iterated_stream(&request).is_some_and(|stream| self.store.opened(&stream).is_some())
        {
            return self.get_records(encoding, request, parts, body).await;
        }
        if is_read(&operation) {
            let response = self.store.call(&request, parts, body).await;
            return match operation.as_str() {
                "DescribeStreamConsumer" => amended(response, encoding, with_stream_arn).await,
                "DescribeLimits" => amended(response, encoding, with_on_demand_limit).await,
                _ => response,
            };
        }
        match stream_of(&request) {
            Some(stream) => self.change(&stream, &operation, encoding, &request, parts, body).await,
            None => {
                let response = self.store.call(&request, parts, body).await;
                self.kept(encoding, response, self.keep_account()).await
            }
        }
    }

    /// GetRecords of a stream that is in use here.
    async fn get_records(
        &self,
        encoding: Encoding,
        mut request: Value,
        parts: Parts,
        mut body: Bytes,
    ) -> Response<Body> {
        let answered = if is_signed(&parts) { self.answered(&request).await } else { None };
        let behind_ms = answered.as_ref().map_or(0, |answered| answered.behind_ms);
        if let Some(answered) = answered {
            request["Limit"] = answered.limit.into();
            body = encoding.encode(&request).into();
        }
        let response = self.store.call(&request, parts, body).await;
        if behind_ms == 0 {
            return response;
        }
        amended(response, encoding, |answer| answer["MillisBehindLatest"] = behind_ms.into()).await
    }

    /// A call that changes a stream. It is answered when the change is complete and persistent. Until then nothing is
    /// appended, so that each record goes to a persistent shard.
    async fn change(
        &self,
        stream: &str,
        operation: &str,
        encoding: Encoding,
        request: &Value,
        parts: Parts,
        body: Bytes,
    ) -> Response<Body> {
        let open = self.store.open(stream);
        let mut records = self.store.lock(&open).await;
        let mut response = match reshard::operation(operation).filter(|_| is_signed(&parts)) {
            Some(operation) => match self.reshard(operation, stream, request.clone()).await {
                Ok(Some(answer)) => respond(encoding, StatusCode::OK, &answer),
                Ok(None) => respond_with(encoding, StatusCode::OK, Body::empty()),
                Err(error) => refuse(encoding, &error),
            },
            None => self.store.call(request, parts, body).await,
        };
        if response.status().is_success() {
            let is_there = self.settled(stream).await;
            // Not before: the library writes back what it read, and a change in between is lost. This sometimes
            // happened to the new stream's shards.
            if operation == "CreateStream" {
                self.complete(stream, request).await;
            }
            if !is_there {
                open.clear_tails();
            }
            records.forget_routes();
            response = self.kept(encoding, response, self.keep(stream)).await;
        }
        drop(records);
        open.wake_all();
        response
    }

    /// Waits until a change is complete. Returns whether the stream still exists.
    pub(super) async fn settled(&self, stream: &str) -> bool {
        for _ in 0..SETTLED_LOOKS_MAX {
            match self.store.get_stream(stream).await {
                Ok(stream) if stream.stream_status == StreamStatus::Active => return true,
                Ok(_) => tokio::time::sleep(SETTLED_LOOK_EVERY).await,
                Err(_) => return false,
            }
        }
        tracing::warn!(stream, "a change of the stream does not complete");
        true
    }

    /// Replaces an answer by an error if the change cannot be persisted.
    async fn kept(
        &self,
        encoding: Encoding,
        response: Response<Body>,
        keeping: impl Future<Output = Result<(), StorageError>>,
    ) -> Response<Body> {
        match keeping.await {
            Ok(()) => response,
            Err(error) => {
                refuse(encoding, &KinesisError::internal(&format!("failed to persist the change: {error}")))
            }
        }
    }

    async fn put(&self, operation: &str, encoding: Encoding, request: &Value) -> Response<Body> {
        let answer = match operation {
            "PutRecord" => self.put_record(&request.into()).await.map(|placed| json!(placed)),
            _ => self.put_records(request).await,
        };
        match answer {
            Ok(answer) => respond(encoding, StatusCode::OK, &answer),
            Err(error) => refuse(encoding, &error),
        }
    }

    /// A role's call must be allowed by its policies; the account's own keys may do everything.
    fn authorize(&self, parts: &Parts, operation: &str, request: &Value) -> Result<(), KinesisError> {
        let unknown_key = || KinesisError {
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
            .map_err(|denied| KinesisError::denied(&denied))
    }
}

/// Drops the media type's parameters, as the library does: a body must not be JSON to us and CBOR to it.
fn without_parameters(parts: &mut Parts) {
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let Some((media_type, _)) = content_type.and_then(|text| text.split_once(';')) else { return };
    if let Ok(media_type) = header::HeaderValue::from_str(media_type.trim()) {
        parts.headers.insert(header::CONTENT_TYPE, media_type);
    }
}

/// Whether a call is signed, by a header or by a presigned URL's query. The library refuses others.
pub(crate) fn is_signed(parts: &Parts) -> bool {
    let query = parts.uri.query().unwrap_or_default();
    parts.headers.contains_key(header::AUTHORIZATION) || query.contains("X-Amz-Signature=")
}

fn is_read(operation: &str) -> bool {
    ["Get", "List", "Describe"].iter().any(|verb| operation.starts_with(verb))
}

fn respond(encoding: Encoding, status: StatusCode, answer: &Value) -> Response<Body> {
    respond_with(encoding, status, Body::from(encoding.encode(answer)))
}

fn respond_with(encoding: Encoding, status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let content_type = header::HeaderValue::from_static(encoding.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    if let Ok(id) = header::HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// Refuses a call by its head alone.
pub(crate) fn refuse_head(parts: &Parts, status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let error = KinesisError { status: status.as_u16(), code: code.to_owned(), message: message.to_owned() };
    refuse(Encoding::of(&parts.headers), &error)
}

fn refuse(encoding: Encoding, error: &KinesisError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = respond(encoding, status, &error.to_json());
    if let Ok(code) = header::HeaderValue::from_str(&error.code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}
