//! The message for a failure destination (docs/aws-behaviour.md#lambda-failures): where the records are, never the
//! records.

use super::batch::Invocation;
use super::partition_queue::{Condition, DeadLetter};
use crate::core::clock;
use crate::services::lambda::invocation::config::LATEST;
use serde_json::{Value, json};

/// The mapping whose records were given up.
#[derive(Debug, Clone)]
pub struct FailureFrame<'a> {
    pub function_arn: &'a str,
    /// The stream's ARN, whatever the mapping's source is.
    pub stream_arn: &'a str,
    pub shard_id: &'a str,
}

pub fn message(frame: &FailureFrame<'_>, given_up: &DeadLetter, now_ms: u64) -> Value {
    let records = &given_up.batch.records;
    let arrival = |record: Option<&std::sync::Arc<crate::services::kinesis::Record>>| {
        record.map(|record| clock::iso_8601(record.arrived_ms)).unwrap_or_default()
    };
    let number = |record: Option<&std::sync::Arc<crate::services::kinesis::Record>>| {
        record.map(|record| record.sequence_number.to_string()).unwrap_or_default()
    };
    let (condition, was_invoked) = match given_up.condition {
        Condition::RetryAttemptsExhausted => ("RetryAttemptsExhausted", true),
        Condition::RecordAgeExceeded => ("RecordAgeExceeded", false),
    };
    // Records may become too old before they are ever delivered.
    let never = || Invocation {
        request_id: uuid::Uuid::new_v4().to_string(),
        version: LATEST.into(),
        function_error: false,
    };
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
            "executedVersion": last.version,
            "functionError": last.function_error.then_some("Unhandled"),
        });
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::kinesis::Record;
    use crate::services::lambda::event_source_mapping::batch::Batch;
    use std::sync::Arc;

    /// 2025-11-26T12:00:00Z
    const NOON_MS: u64 = 1_764_158_400_000;

    fn given_up(records: u64, condition: Condition, function_error: bool) -> DeadLetter {
        let record = |number: u64| {
            Arc::new(Record {
                sequence_number: format!("496{number:053}").into(),
                partition_key: "k".into(),
                data: "e30=".into(),
                arrived_ms: NOON_MS + number,
            })
        };
        let request_id = "0c1f6d4e-8f6d-4f0e-9d3c-1d1f6f1f2a01".into();
        let batch = Batch {
            records: (1..=records).map(record).collect(),
            failures: 4,
            invocations: 4,
            last: Some(Invocation { request_id, version: LATEST.into(), function_error }),
        };
        DeadLetter { batch, condition }
    }

    /// docs/aws-behaviour.md#lambda-failures, member by member.
    #[test]
    fn messages_are_those_observed() {
        let expected: Value = serde_json::from_str(include_str!("failure/messages.json")).expect("JSON");
        let frame = FailureFrame {
            function_arn: "arn:aws:lambda:us-east-1:000000000000:function:echo",
            stream_arn: "arn:aws:kinesis:us-east-1:000000000000:stream/events",
            shard_id: "shardId-000000000002",
        };
        for (case, given_up) in [
            ("RetryAttemptsExhausted", given_up(3, Condition::RetryAttemptsExhausted, true)),
            ("a report of failed records", given_up(1, Condition::RetryAttemptsExhausted, false)),
            ("RecordAgeExceeded", given_up(1, Condition::RecordAgeExceeded, true)),
        ] {
            assert_eq!(message(&frame, &given_up, NOON_MS + 3_600_500), expected[case], "{case}");
        }
    }
}
