//! What every operation reads from a request: its stream, and whether it is well-formed.

use super::error::KinesisError;
use super::store::types::{Operation, check, decode_shard_iterator};
use crate::core::account::stream_name_of_arn;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Prefix of the `X-Amz-Target` header of Kinesis calls.
pub const TARGET_PREFIX: &str = "Kinesis_20131202.";

/// The stream that a request is about.
pub(crate) fn stream_of(request: &Value) -> Option<String> {
    if let Some(name) = request["StreamName"].as_str() {
        return Some(name.to_owned());
    }
    let arn =
        ["StreamARN", "ConsumerARN", "ResourceARN"].iter().find_map(|member| request[*member].as_str())?;
    stream_name_of_arn(arn).map(String::from)
}

/// The stream of GetRecords, from the iterator.
pub(super) fn iterated_stream(request: &Value) -> Option<String> {
    let iterator = request["ShardIterator"].as_str()?;
    decode_shard_iterator(iterator).ok().map(|(_, stream, _, _)| stream)
}

/// Applies the library's type and constraint checks, which its own dispatch skips.
pub(super) fn checked(operation: Operation, request: &Value) -> Result<Value, KinesisError> {
    if !request.is_object() {
        return Err(KinesisError::client("SerializationException", "the request is not a JSON object"));
    }
    let request = check(operation, request)?;
    for record in std::iter::once(&request).chain(request["Records"].as_array().into_iter().flatten()) {
        let data = record["Data"].as_str().unwrap_or_default();
        if STANDARD.decode(data).is_err() {
            return Err(KinesisError::client("SerializationException", "Data is not valid base64"));
        }
    }
    Ok(request)
}
