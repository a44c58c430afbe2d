//! The Kinesis wire API on the plane's port: JSON and CBOR, every operation that ferrokinesis has.

use super::{PutError, Streams};
use crate::account::stream_arn_of_arn;
use crate::identity::{self, Principal};
use axum::body::Body;
use bytes::Bytes;
use http::{Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt as _, Collected};
use serde_json::Value;
use tower_service::Service as _;

/// What the `X-Amz-Target` header of a Kinesis call begins with.
pub const TARGET_PREFIX: &str = "Kinesis_20131202.";
/// On-demand streams of an account, at most; the library says 0, which Terraform takes for the truth.
const ON_DEMAND_STREAMS_MAX: u32 = 50;
/// Shards of a new on-demand stream: what writes 4 MB and 4,000 records a second. The library wants a number.
const ON_DEMAND_SHARDS: u32 = 4;
const JSON: &str = "application/x-amz-json-1.1";

impl Streams {
    /// Answers one call of the wire API.
    pub async fn handle(&self, parts: Parts, mut body: Bytes) -> Response<Body> {
        let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or("");
        let operation = target.strip_prefix(TARGET_PREFIX).unwrap_or_default().to_owned();
        let is_json =
            parts.headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes() == JSON.as_bytes());
        let mut request: Value =
            if is_json { serde_json::from_slice(&body).unwrap_or_default() } else { Value::Null };
        if operation == "CreateStream" && is_on_demand(&request) {
            request["ShardCount"] = ON_DEMAND_SHARDS.into();
            body = request.to_string().into();
        }
        if let Err(error) = self.authorize(&parts, &operation, &request) {
            return refuse(&error);
        }
        let is_put = matches!(operation.as_str(), "PutRecord" | "PutRecords");
        if is_put && is_json && parts.headers.contains_key(header::AUTHORIZATION) {
            let key = request["PartitionKey"].as_str().unwrap_or_default();
            if let Some(held) = self.faults.hold(key) {
                held.wait().await;
            }
            let answer = self.put(&operation, &body).await;
            self.faults.release(key);
            return answer;
        }

        // A CBOR put still goes through the library: under our lock, so that nothing is seen out of order.
        let stream = self.store.resolve_stream_name(&request).ok();
        let appending = if is_put { self.lock_all().await } else { Vec::new() };
        let call = http::Request::from_parts(parts, Body::from(body));
        let mut response = self.router.clone().call(call).await.unwrap_or_else(|never| match never {});
        drop(appending);
        if !response.status().is_success() {
            return response;
        }
        match (operation.as_str(), stream) {
            ("DescribeStreamConsumer", _) if is_json => response = amended(response, with_stream_arn).await,
            ("DescribeLimits", _) if is_json => response = amended(response, with_on_demand_limit).await,
            ("CreateStream", Some(stream)) => self.tag(&stream, &request).await,
            ("DeleteStream", Some(stream)) => {
                if let Some((_, open)) = self.open.remove(&stream) {
                    open.wake_all();
                }
            }
            _ => {}
        }
        if !is_read(&operation) {
            // Resharding, consumers, CBOR puts: readers look for themselves what changed.
            self.open.iter().for_each(|open| open.wake_all());
        }
        response
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

    async fn put(&self, operation: &str, body: &[u8]) -> Response<Body> {
        let answer = match operation {
            "PutRecord" => self.put_record(body).await.and_then(|placed| {
                serde_json::to_vec(&placed).map_err(|error| PutError {
                    status: 500,
                    code: "InternalFailure".into(),
                    message: error.to_string(),
                })
            }),
            _ => self.put_records(body).await.map(|answer| answer.to_string().into_bytes()),
        };
        match answer {
            Ok(body) => respond(StatusCode::OK, body),
            Err(error) => refuse(&error),
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

    async fn lock_all(&self) -> Vec<tokio::sync::OwnedMutexGuard<()>> {
        let mut streams: Vec<_> =
            self.open.iter().map(|open| (open.key().clone(), open.value().clone())).collect();
        // Always in the same order, so that two callers cannot wait for each other.
        streams.sort_by(|a, b| a.0.cmp(&b.0));
        let mut guards = Vec::with_capacity(streams.len());
        for (_, open) in streams {
            guards.push(open.append.clone().lock_owned().await);
        }
        guards
    }
}

fn is_on_demand(request: &Value) -> bool {
    request["StreamModeDetails"]["StreamMode"] == "ON_DEMAND" && request["ShardCount"].is_null()
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

/// A JSON answer of the library with something put right.
async fn amended(response: Response<Body>, amend: fn(&mut Value)) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let body = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
    let Ok(mut answer) = serde_json::from_slice::<Value>(&body) else {
        return Response::from_parts(parts, Body::from(body));
    };
    amend(&mut answer);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(answer.to_string()))
}

fn respond(status: StatusCode, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(JSON));
    if let Ok(id) = header::HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

fn refuse(error: &PutError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = respond(status, error.to_json().to_string().into_bytes());
    if let Ok(code) = header::HeaderValue::from_str(&error.code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}
