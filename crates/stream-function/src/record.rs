//! A batch of the stream's records, as Lambda delivers it and as it is answered.
//!
//! These are not the types of `aws_lambda_events`: those read the time `1545084650.98` as 98 ms past the second, and
//! refuse the whole batch over a time in microseconds, which some emulators send.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// The parts of Lambda's event for Kinesis that the library needs.
#[derive(Debug, Deserialize)]
pub(crate) struct KinesisEvent {
    #[serde(rename = "Records")]
    pub records: Vec<KinesisEventRecord>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KinesisEventRecord {
    #[serde(default, rename = "eventID")]
    event_id: Option<String>,
    #[serde(default, rename = "eventSourceARN")]
    event_source_arn: Option<String>,
    kinesis: KinesisRecord,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KinesisRecord {
    sequence_number: String,
    #[serde(default)]
    partition_key: String,
    data: String,
    #[serde(default)]
    approximate_arrival_timestamp: f64,
}

/// A function's response to a mapping with `ReportBatchItemFailures`: empty, or the record from which to redeliver.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchResponse {
    batch_item_failures: Vec<BatchItemFailure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchItemFailure {
    item_identifier: String,
}

impl BatchResponse {
    /// The response for a batch that must be redelivered from this sequence number on, if any.
    pub fn new(redeliver_from: Option<String>) -> Self {
        let failures = redeliver_from.into_iter().map(|item_identifier| BatchItemFailure { item_identifier });
        Self { batch_item_failures: failures.collect() }
    }
}

/// One record of a batch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    /// `{shard}:{sequence number}`: unique within the stream.
    pub event_id: String,
    pub sequence_number: String,
    pub partition_key: String,
    pub data: Vec<u8>,
    pub arrival_epoch_ms: i64,
    /// The stream's ARN, or its consumer's: which of them Lambda names for a consumer is not documented.
    pub source_arn: Option<String>,
}

impl Record {
    /// The shard, if Lambda names it.
    pub fn shard_id(&self) -> Option<&str> {
        self.event_id.split_once(':').map(|(shard, _)| shard)
    }

    /// The stream's ARN: `…:stream/{name}`, without the consumer.
    pub fn stream_arn(&self) -> Option<&str> {
        let arn = self.source_arn.as_deref()?;
        Some(arn.split_once("/consumer/").map_or(arn, |(stream, _)| stream))
    }
}

impl From<KinesisEventRecord> for Record {
    fn from(record: KinesisEventRecord) -> Self {
        let kinesis = record.kinesis;
        Self {
            event_id: record.event_id.unwrap_or_else(|| kinesis.sequence_number.clone()),
            sequence_number: kinesis.sequence_number,
            partition_key: kinesis.partition_key,
            // Data that is not base64 is not an event either, and goes to the dead-letter queue unchanged.
            data: STANDARD.decode(&kinesis.data).unwrap_or_else(|_| kinesis.data.into_bytes()),
            arrival_epoch_ms: (kinesis.approximate_arrival_timestamp * 1_000.0).round() as i64,
            source_arn: record.event_source_arn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As recorded from AWS (docs/aws-behaviour.md#lambda-events); the consumer's form of the ARN is undocumented, so
    /// both are read.
    #[test]
    fn reads_what_lambda_delivers() {
        let json = r#"{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"k","sequenceNumber":"4959",
            "data":"eyJhIjoxfQ==","approximateArrivalTimestamp":1545084650.987},"eventSource":"aws:kinesis",
            "eventVersion":"1.0","eventID":"shardId-000000000006:4959","eventName":"aws:kinesis:record",
            "invokeIdentityArn":"arn:aws:iam::123:role/fn-role","awsRegion":"us-east-1",
            "eventSourceARN":"arn:aws:kinesis:us-east-1:123:stream/s/consumer/c:1545084650"}"#;
        let record = Record::from(serde_json::from_str::<KinesisEventRecord>(json).unwrap());
        assert_eq!(record.shard_id(), Some("shardId-000000000006"));
        assert_eq!(record.stream_arn(), Some("arn:aws:kinesis:us-east-1:123:stream/s"));
        assert_eq!(record.arrival_epoch_ms, 1_545_084_650_987);
        assert_eq!(record.data, br#"{"a":1}"#);
    }

    #[test]
    fn times_of_any_precision_are_read() {
        let at = |time: &str| {
            let json = format!(
                r#"{{"kinesis":{{"sequenceNumber":"1","data":"","approximateArrivalTimestamp":{time}}}}}"#
            );
            Record::from(serde_json::from_str::<KinesisEventRecord>(&json).unwrap()).arrival_epoch_ms
        };
        assert_eq!(at("1545084650.98"), 1_545_084_650_980);
        assert_eq!(at("1545084650"), 1_545_084_650_000);
        assert_eq!(at("1795412343.9376543"), 1_795_412_343_938);
        assert_eq!(at("1.545084650987E9"), 1_545_084_650_987);
    }

    #[test]
    fn what_is_no_base64_is_kept_as_it_came() {
        let json = r#"{"kinesis":{"sequenceNumber":"1","data":"{}"}}"#;
        assert_eq!(Record::from(serde_json::from_str::<KinesisEventRecord>(json).unwrap()).data, b"{}");
    }

    /// An empty list is full success; an identifier is the record from which to redeliver
    /// (docs/aws-behaviour.md#lambda-reports).
    #[test]
    fn answers_have_the_shape_that_lambda_reads() {
        let json =
            |from: Option<&str>| serde_json::to_string(&BatchResponse::new(from.map(Into::into))).unwrap();
        assert_eq!(json(None), r#"{"batchItemFailures":[]}"#);
        assert_eq!(json(Some("4959")), r#"{"batchItemFailures":[{"itemIdentifier":"4959"}]}"#);
    }
}
