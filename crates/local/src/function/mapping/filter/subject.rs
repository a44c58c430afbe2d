//! What a Kinesis record offers to a filter: its data and its metadata, all at the top level.

use crate::stream::Record;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// A record as filters see it: the members of its `kinesis` object beside those of the record itself.
#[derive(Debug, Clone, Copy)]
pub struct FilterSubject<'a> {
    /// `data`, `partitionKey`, `sequenceNumber`, and `approximateArrivalTimestamp` in seconds.
    pub record: &'a Record,
    /// The shard's id, the first half of `eventID`.
    pub shard_id: &'a str,
    /// `eventSourceARN`
    pub event_source_arn: &'a str,
    /// `awsRegion`
    pub region: &'a str,
}

/// What a pattern may begin with.
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
    /// The value under a key; none where the data is not JSON.
    pub(super) fn value(&self, key: Field) -> Option<Value> {
        Some(match key {
            Field::Data => return serde_json::from_slice(&STANDARD.decode(&self.record.data).ok()?).ok(),
            Field::PartitionKey => self.record.partition_key.as_str().into(),
            Field::SequenceNumber => self.record.sequence_number.as_ref().into(),
            Field::ApproximateArrivalTimestamp => (self.record.arrived_ms as f64 / 1_000.0).into(),
            Field::KinesisSchemaVersion | Field::EventVersion => "1.0".into(),
            Field::EventId => format!("{}:{}", self.shard_id, self.record.sequence_number).into(),
            Field::EventName => "aws:kinesis:record".into(),
            Field::EventSource => "aws:kinesis".into(),
            Field::EventSourceArn => self.event_source_arn.into(),
            Field::AwsRegion => self.region.into(),
        })
    }
}
