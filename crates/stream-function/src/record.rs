//! A record of the stream as Lambda delivers it.

use aws_lambda_events::event::kinesis::KinesisEventRecord;

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
    /// The shard, where Lambda names it.
    pub fn shard_id(&self) -> Option<&str> {
        self.event_id.split_once(':').map(|(shard, _)| shard)
    }

    /// The stream's ARN: `…:stream/{name}`, without the consumer that may follow.
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
            data: kinesis.data.0,
            arrival_epoch_ms: kinesis.approximate_arrival_timestamp.0.timestamp_millis(),
            source_arn: record.event_source_arn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As recorded from AWS (facts E1); the consumer's form of the ARN is undocumented, so both are read.
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
}
