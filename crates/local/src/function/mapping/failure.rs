//! The message that a failure destination gets (facts E5): where the records are, never the records.

use super::batch::Invocation;
use super::lane::{Condition, GivenUp};
use crate::clock;
use serde_json::{Value, json};

/// Whose records were given up.
#[derive(Debug, Clone)]
pub struct FailureFrame<'a> {
    /// The function's ARN.
    pub function_arn: &'a str,
    /// The stream's ARN, whatever the mapping's source is.
    pub stream_arn: &'a str,
    /// The shard's id.
    pub shard_id: &'a str,
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
    // Records may grow too old before they were ever handed over.
    let never = || Invocation { request_id: uuid::Uuid::new_v4().to_string(), function_error: false };
    let last = given_up.batch.last.clone().unwrap_or_else(never);
    let mut message = json!({
        "requestContext": {
            "requestId": last.request_id,
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
            "functionError": last.function_error.then_some("Unhandled"),
        });
    }
    message
}
