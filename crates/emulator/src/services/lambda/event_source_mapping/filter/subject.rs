//! A Kinesis record as filters see it: data and metadata, all at the top level.

use crate::services::kinesis::Record;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use json_text::{Json, quote_into};

/// A record's `kinesis` members beside its own.
#[derive(Debug, Clone, Copy)]
pub struct FilterSubject<'a> {
    /// `data`, `partitionKey`, `sequenceNumber`, and `approximateArrivalTimestamp` in seconds.
    pub record: &'a Record,
    /// The shard's id, the first half of `eventID`.
    pub shard_id: &'a str,
    pub event_source_arn: &'a str,
    pub region: &'a str,
}

/// The top-level keys of patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Data,
    PartitionKey,
    SequenceNumber,
    ApproximateArrivalTimestamp,
    KinesisSchemaVersion,
    EventId,
    EventName,
    EventSource,
    EventVersion,
    EventSourceArn,
    AwsRegion,
}

impl Field {
    pub(super) const ALL: [Self; 11] = [
        Self::Data,
        Self::PartitionKey,
        Self::SequenceNumber,
        Self::ApproximateArrivalTimestamp,
        Self::KinesisSchemaVersion,
        Self::EventId,
        Self::EventName,
        Self::EventSource,
        Self::EventVersion,
        Self::EventSourceArn,
        Self::AwsRegion,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::PartitionKey => "partitionKey",
            Self::SequenceNumber => "sequenceNumber",
            Self::ApproximateArrivalTimestamp => "approximateArrivalTimestamp",
            Self::KinesisSchemaVersion => "kinesisSchemaVersion",
            Self::EventId => "eventID",
            Self::EventName => "eventName",
            Self::EventSource => "eventSource",
            Self::EventVersion => "eventVersion",
            Self::EventSourceArn => "eventSourceARN",
            Self::AwsRegion => "awsRegion",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }
}

impl FilterSubject<'_> {
    /// Writes the value of a key as JSON. `false`, and nothing written, if the data is not JSON.
    pub(super) fn write(&self, key: Field, into: &mut String) -> bool {
        match key {
            Field::Data => {
                let data = STANDARD.decode(&self.record.data).unwrap_or_default();
                let Ok(json) = Json::read_bytes(&data) else { return false };
                into.push_str(json.as_str());
            }
            Field::PartitionKey => quote_into(&self.record.partition_key, into),
            Field::SequenceNumber => quote_into(&self.record.sequence_number, into),
            Field::ApproximateArrivalTimestamp => {
                into.push_str(&serde_json::Value::from(self.record.arrived_ms as f64 / 1_000.0).to_string());
            }
            Field::KinesisSchemaVersion | Field::EventVersion => quote_into("1.0", into),
            Field::EventId => {
                quote_into(&format!("{}:{}", self.shard_id, self.record.sequence_number), into);
            }
            Field::EventName => quote_into("aws:kinesis:record", into),
            Field::EventSource => quote_into("aws:kinesis", into),
            Field::EventSourceArn => quote_into(self.event_source_arn, into),
            Field::AwsRegion => quote_into(self.region, into),
        }
        true
    }
}
