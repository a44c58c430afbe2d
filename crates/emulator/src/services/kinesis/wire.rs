//! The Kinesis wire API on the emulator's port, in JSON and CBOR, with every operation of the library.

use super::call::{Call, Unserved};
use super::encoding::Encoding;
use super::request::{normalise, resource, stream_of};
use super::store::Records;
use super::store::types::{Operation, StreamStatus};
use super::{KinesisError, Streams};
use crate::core::identity;
use crate::storage::StorageError;
use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

/// Between two checks of a stream that is changing.
const SETTLED_LOOK_EVERY: Duration = Duration::from_millis(1);
/// Checks of a stream that is changing, at most.
const SETTLED_LOOKS_MAX: u32 = 5_000;

/// What an operation answers: a document, unless it answers nothing.
pub(super) type Answer = Result<Option<Value>, KinesisError>;

impl Streams {
    /// Answers one call of the wire API.
    pub async fn handle(&self, parts: Parts, body: Bytes) -> Response<Body> {
        let Call { encoding, operation, request } = match Call::read(&parts, &body) {
            Ok(call) => call,
            Err(unserved) => return refuse_unserved(unserved),
        };
        let request = match self.admit(&parts, operation, request) {
            Ok(request) => request,
            Err(error) => return refuse(encoding, &error),
        };
        if operation == Operation::SubscribeToShard {
            return self.subscribe(encoding, &request).await.unwrap_or_else(|error| refuse(encoding, &error));
        }
        match self.answer(operation, request).await {
            Ok(Some(answer)) => respond(encoding, StatusCode::OK, &answer),
            Ok(None) => respond_with(encoding, StatusCode::OK, Body::empty()),
            Err(error) => refuse(encoding, &error),
        }
    }

    /// A request as it is served, if its caller may make it.
    fn admit(&self, parts: &Parts, operation: Operation, mut request: Value) -> Result<Value, KinesisError> {
        let unknown_key = || KinesisError {
            status: 400,
            code: "UnrecognizedClientException".into(),
            message: "The security token included in the request is invalid.".into(),
        };
        let caller = identity::caller(&self.permissions, parts).ok_or_else(unknown_key)?;
        normalise(&self.account, operation, &mut request)?;
        let resource = resource(&self.account, operation, &request);
        self.permissions
            .check(&caller, &format!("kinesis:{operation}"), &resource)
            .map_err(|denied| KinesisError::denied(&denied))?;
        Ok(request)
    }

    async fn answer(&self, operation: Operation, request: Value) -> Answer {
        match operation {
            Operation::PutRecord | Operation::PutRecords => {
                let key = request["PartitionKey"].as_str().unwrap_or_default();
                if let Some(held) = self.faults.hold(key) {
                    held.wait().await;
                }
                let answer = match operation {
                    Operation::PutRecord => {
                        self.put_record(&(&request).into()).await.map(|placed| json!(placed))
                    }
                    _ => self.put_records(&request).await,
                };
                self.faults.release(key);
                answer.map(Some)
            }
            Operation::GetRecords => self.get_records(request).await,
            Operation::GetShardIterator => self.get_shard_iterator(request).await,
            Operation::ListShards => self.list_shards(&request).await.map(Some),
            Operation::ListStreams => self.list_streams(&request).await.map(Some),
            Operation::ListStreamConsumers => self.list_stream_consumers(&request).await.map(Some),
            _ if is_read(operation) => self.describe(operation, request).await,
            _ => match stream_of(&request) {
                Some(stream) => self.change(&stream, operation, &request).await,
                None => {
                    let answer = self.store.dispatch(operation, &request).await?;
                    self.keep_account().await.map_err(not_kept)?;
                    Ok(answer)
                }
            },
        }
    }

    /// A call that changes a stream. It is answered when the change is through and kept: until then nothing is
    /// appended, so that each record finds the shards that are kept.
    async fn change(&self, stream: &str, operation: Operation, request: &Value) -> Answer {
        let open = self.store.open(stream);
        let mut records = self.store.lock(&open).await;
        let answer = self.change_locked(stream, operation, request, &mut records).await;
        drop(records);
        open.wake_all();
        answer
    }

    async fn change_locked(
        &self,
        stream: &str,
        operation: Operation,
        request: &Value,
        records: &mut Records<'_>,
    ) -> Answer {
        let request = &self.before(operation, stream, request).await?;
        let answer = match operation {
            Operation::SplitShard | Operation::MergeShards | Operation::UpdateShardCount => {
                self.reshard(operation, stream, request.clone()).await?
            }
            _ => self.store.dispatch(operation, request).await?,
        };
        let is_there = self.settled(stream).await;
        // Not before: the library writes back what it read, and who wrote in between is lost. The new stream's shards
        // were, once in many.
        self.after(operation, stream, request, answer.as_ref()).await?;
        if !is_there {
            self.store.open(stream).clear_tails();
        }
        records.forget_routes();
        self.keep(stream).await.map_err(not_kept)?;
        Ok(answer)
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
}

fn not_kept(error: StorageError) -> KinesisError {
    KinesisError::internal(&format!("the change could not be kept: {error}"))
}

fn is_read(operation: Operation) -> bool {
    ["Get", "List", "Describe"].iter().any(|verb| operation.as_str().starts_with(verb))
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
    refuse(Encoding::of(&parts.headers).unwrap_or(Encoding::Json), &error)
}

/// In XML where the call does not say how it is encoded.
fn refuse_unserved(unserved: Unserved) -> Response<Body> {
    let (status, code) = match unserved {
        Unserved::Operation(encoding) => {
            let error = KinesisError::client("UnknownOperationException", &unserved.to_string());
            return refuse(encoding, &error);
        }
        Unserved::Body(encoding) => {
            let error = KinesisError::client("SerializationException", &unserved.to_string());
            return refuse(encoding, &error);
        }
        Unserved::Unnamed => (StatusCode::FORBIDDEN, "AccessDeniedException"),
        Unserved::ContentType => (StatusCode::NOT_FOUND, "UnknownOperationException"),
    };
    let body = format!("<{code}>\n  <Message>{unserved}</Message>\n</{code}>\n");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert("x-amzn-errortype", header::HeaderValue::from_static(code));
    response
}

fn refuse(encoding: Encoding, error: &KinesisError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = respond(encoding, status, &error.to_json());
    if let Ok(code) = header::HeaderValue::from_str(&error.code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}
