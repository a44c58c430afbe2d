//! The event that a function is invoked with, in the order of members that Lambda delivers (facts E1).

use crate::stream::Record;
use serde::Serialize;
use std::sync::Arc;

/// What is the same for every record of a mapping.
#[derive(Debug, Clone)]
pub struct EventFrame {
    /// `eventSourceARN`: the mapping's own source, a stream's or a consumer's ARN.
    pub event_source_arn: String,
    /// `invokeIdentityArn`: the function's role.
    pub invoke_identity_arn: String,
    /// `awsRegion`
    pub region: String,
}

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "Records")]
    records: Vec<EventRecord<'a>>,
}

#[derive(Serialize)]
struct EventRecord<'a> {
    kinesis: Kinesis<'a>,
    #[serde(rename = "eventSource")]
    event_source: &'static str,
    #[serde(rename = "eventVersion")]
    event_version: &'static str,
    #[serde(rename = "eventID")]
    event_id: String,
    #[serde(rename = "eventName")]
    event_name: &'static str,
    #[serde(rename = "invokeIdentityArn")]
    invoke_identity_arn: &'a str,
    #[serde(rename = "awsRegion")]
    aws_region: &'a str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kinesis<'a> {
    kinesis_schema_version: &'static str,
    partition_key: &'a str,
    sequence_number: &'a str,
    data: &'a str,
    approximate_arrival_timestamp: f64,
}

/// The event's JSON.
pub fn event(frame: &EventFrame, shard_id: &str, records: &[Arc<Record>]) -> Vec<u8> {
    let event_id = |record: &Record| format!("{shard_id}:{}", record.sequence_number);
    let event = Event {
        records: records
            .iter()
            .map(|r| EventRecord {
                kinesis: Kinesis {
                    kinesis_schema_version: "1.0",
                    partition_key: &r.partition_key,
                    sequence_number: &r.sequence_number,
                    data: &r.data,
                    approximate_arrival_timestamp: r.arrived_ms as f64 / 1_000.0,
                },
                event_source: "aws:kinesis",
                event_version: "1.0",
                event_id: event_id(r),
                event_name: "aws:kinesis:record",
                invoke_identity_arn: &frame.invoke_identity_arn,
                aws_region: &frame.region,
                event_source_arn: &frame.event_source_arn,
            })
            .collect(),
    };
    // Strings and finite numbers alone: this cannot fail.
    serde_json::to_vec(&event).unwrap_or_default()
}
