//! The message that a failure destination gets (facts E5): where the records are, never the records.

use super::lane::{Condition, GivenUp};
use crate::clock;
use serde_json::{Value, json};

/// Whose records were given up, and how the last invocation ended.
#[derive(Debug, Clone)]
pub struct FailureFrame<'a> {
    /// The function's ARN.
    pub function_arn: &'a str,
    /// The stream's ARN, whatever the mapping's source is.
    pub stream_arn: &'a str,
    /// The shard's id.
    pub shard_id: &'a str,
    /// The last invocation's id.
    pub request_id: &'a str,
    /// Whether the last invocation failed as a whole; a partial batch report leaves `functionError` null.
    pub function_error: bool,
}

/// The message's JSON.
pub fn message(frame: &FailureFrame<'_>, given_up: &GivenUp, now_ms: u64) -> Value {
    let records = &given_up.batch.records;
    let arrival = |record: Option<&std::sync::Arc<crate::stream::Record>>| {
        record.map(|record| clock::iso_8601(record.arrived_ms)).unwrap_or_default()
    };
    let number = |record: Option<&std::sync::Arc<crate::stream::Record>>| {
        record.map(|record| record.sequence_number.to_string()).unwrap_or_default()
    };
    let (condition, was_invoked) = match given_up.condition {
        Condition::RetryAttemptsExhausted => ("RetryAttemptsExhausted", true),
        Condition::RecordAgeExceeded => ("RecordAgeExceeded", false),
    };
    let mut message = json!({
        "requestContext": {
            "requestId": frame.request_id,
            "functionArn": frame.function_arn,
            "condition": condition,
            "approximateInvokeCount": given_up.batch.invocations,
        },
        "version": "1.0",
        "timestamp": clock::iso_8601(now_ms),
        "KinesisBatchInfo": {
            "shardId": frame.shard_id,
            "startSequenceNumber": number(records.first()),
            "endSequenceNumber": number(records.last()),
            "approximateArrivalOfFirstRecord": arrival(records.first()),
            "approximateArrivalOfLastRecord": arrival(records.last()),
            "batchSize": records.len(),
            "streamArn": frame.stream_arn,
        },
    });
    if was_invoked {
        message["responseContext"] = json!({
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": frame.function_error.then_some("Unhandled"),
        });
    }
    message
}
