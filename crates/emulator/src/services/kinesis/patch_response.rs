//! Adds what the library leaves out of requests and answers.

use super::Streams;
use super::encoding::Encoding;
use super::request::stream_of;
use super::store::types::{Stream, StreamMode, sequence};
use crate::core::account::stream_arn_of_arn;
use axum::body::Body;
use http::{Response, header};
use http_body_util::{BodyExt as _, Collected};
use serde_json::Value;

/// On-demand streams of an account, at most; the library says 0, and Terraform believes it.
const ON_DEMAND_STREAMS_MAX: u32 = 50;
/// Shards of a new on-demand stream: enough for 4 MB and 4,000 records a second. The library requires a number.
const ON_DEMAND_SHARDS: u32 = 4;

impl Streams {
    /// Replaces LATEST by the sequence number that it means: the library does not see our appends. Returns whether
    /// anything changed.
    pub(super) fn with_tail(&self, request: &mut Value) -> bool {
        let Some(stream) = stream_of(request) else { return false };
        request["StreamName"] = stream.as_str().into();
        if request["ShardIteratorType"] == "LATEST" && request["StartingSequenceNumber"].is_null() {
            let shard = request["ShardId"].as_str().and_then(|id| sequence::resolve_shard_id(id).ok());
            let tails = self.store.opened(&stream).map(|open| open.tails()).unwrap_or_default();
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

    /// Stores the tags and the capacity mode of CreateStream, which the library drops.
    pub(super) async fn complete(&self, stream: &str, request: &Value) {
        let tags = request["Tags"].as_object().into_iter().flatten();
        let tags: Vec<_> =
            tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
        let mode = is_on_demand(request).then_some(StreamMode::OnDemand);
        // It fails only if the stream is gone again.
        let complete = |stream: &mut Stream| {
            stream.tags.extend(tags);
            stream.stream_mode_details.stream_mode = mode.unwrap_or(StreamMode::Provisioned);
            Ok(())
        };
        let _ = self.store.update_stream(stream, complete).await;
    }
}

/// Gives a new on-demand stream the number of shards that the library requires.
pub(super) fn with_shard_count(request: &mut Value) -> bool {
    let is_missing = is_on_demand(request) && request["ShardCount"].is_null();
    if is_missing {
        request["ShardCount"] = ON_DEMAND_SHARDS.into();
    }
    is_missing
}

fn is_on_demand(request: &Value) -> bool {
    request["StreamModeDetails"]["StreamMode"] == "ON_DEMAND"
}

/// Adds the consumer's stream, which the library leaves out and the API's model requires.
pub(super) fn with_stream_arn(answer: &mut Value) {
    let description = &mut answer["ConsumerDescription"];
    let stream_arn = description["ConsumerARN"].as_str().and_then(stream_arn_of_arn).map(String::from);
    description["StreamARN"] = stream_arn.into();
}

pub(super) fn with_on_demand_limit(answer: &mut Value) {
    answer["OnDemandStreamCountLimit"] = ON_DEMAND_STREAMS_MAX.into();
}

/// An answer of the library, changed.
pub(super) async fn amended(
    response: Response<Body>,
    encoding: Encoding,
    amend: impl FnOnce(&mut Value),
) -> Response<Body> {
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
