//! Parses messages of a dead-letter queue. Pure.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq)]
pub enum DeadLetter {
    /// A record sent by the function; only its position if it was too large.
    Record(RecordLetter),
    /// A range of records that the event source mapping gave up on.
    Range(RangeLetter),
    /// Anything else, which stays in the queue.
    Foreign,
}

/// As `stream-function` writes it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordLetter {
    pub reason: String,
    pub error: String,
    pub function_name: String,
    pub record: LetterRecord,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LetterRecord {
    pub data: Option<String>,
    pub partition_key: String,
    pub sequence_number: String,
    pub shard_id: Option<String>,
    pub stream_arn: Option<String>,
    pub arrival_epoch_ms: i64,
}

/// As Lambda writes it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RangeLetter {
    pub request_context: RequestContext,
    #[serde(rename = "KinesisBatchInfo")]
    pub batch: BatchInfo,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestContext {
    pub function_arn: String,
    pub condition: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchInfo {
    pub shard_id: String,
    pub start_sequence_number: String,
    pub end_sequence_number: String,
    pub approximate_arrival_of_first_record: String,
    pub batch_size: usize,
    pub stream_arn: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub stream_arn: String,
    pub partition_key: String,
    pub data: String,
    pub sequence_number: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// All that failed, and no other.
    All(Vec<Record>),
    /// All records of its range: more than failed.
    More(Vec<Record>),
}

impl Found {
    pub fn records(&self) -> &[Record] {
        let (Self::All(records) | Self::More(records)) = self;
        records
    }
}

impl DeadLetter {
    pub fn read(body: &str) -> Self {
        if let Ok(letter) = serde_json::from_str(body) {
            return Self::Record(letter);
        }
        serde_json::from_str(body).map_or(Self::Foreign, Self::Range)
    }

    /// The function that failed.
    pub fn function(&self) -> Option<&str> {
        match self {
            Self::Record(letter) => Some(&letter.function_name),
            Self::Range(letter) => letter.request_context.function_arn.split(':').nth(6),
            Self::Foreign => None,
        }
    }

    /// Its first sequence number, to sort by: length first, since they are numbers.
    pub fn place(&self) -> (usize, &str) {
        let number = match self {
            Self::Record(letter) => &*letter.record.sequence_number,
            Self::Range(letter) => &*letter.batch.start_sequence_number,
            Self::Foreign => "",
        };
        (number.len(), number)
    }

    /// One line of text.
    pub fn line(&self) -> String {
        match self {
            Self::Record(RecordLetter { reason, error, function_name, record }) => format!(
                "{function_name} {reason} key {} sequence number {} arrived {}: {error}",
                record.partition_key,
                record.sequence_number,
                emulator::core::clock::iso_8601(u64::try_from(record.arrival_epoch_ms).unwrap_or_default()),
            ),
            Self::Range(RangeLetter { request_context, batch }) => format!(
                "{} {} {} of {}, sequence numbers {} to {}, first arrived {}",
                self.function().unwrap_or("?"),
                request_context.condition,
                super::count(batch.batch_size),
                batch.shard_id,
                batch.start_sequence_number,
                batch.end_sequence_number,
                batch.approximate_arrival_of_first_record,
            ),
            Self::Foreign => "unknown kind of message; it stays in the queue".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_read_and_others_left_alone() {
        let whole = r#"{"reason":"failed","error":"disk full","deliveries":1,"functionName":"echo","requestId":"r",
            "record":{"data":"e30=","dataBytes":2,"partitionKey":"c=","sequenceNumber":"495","shardId":"shardId-000000000000",
            "eventId":"shardId-000000000000:495","streamArn":"arn:aws:kinesis:us-east-1:1:stream/s","arrivalEpochMs":1545084650987}}"#;
        let letter = DeadLetter::read(whole);
        assert_eq!((letter.function(), letter.place()), (Some("echo"), (3, "495")));
        assert_eq!(
            letter.line(),
            "echo failed key c= sequence number 495 arrived 2018-12-17T22:10:50.987Z: disk full"
        );
        // See docs/aws-behaviour.md#lambda-failures.
        let pointer = r#"{"requestContext":{"requestId":"r","functionArn":"arn:aws:lambda:us-east-1:1:function:echo",
            "condition":"RecordAgeExceeded","approximateInvokeCount":3},"version":"1.0","timestamp":"t",
            "KinesisBatchInfo":{"shardId":"shardId-000000000001","startSequenceNumber":"1000","endSequenceNumber":"1002",
            "approximateArrivalOfFirstRecord":"2026-01-01T00:00:00.000Z","approximateArrivalOfLastRecord":"t","batchSize":2,
            "streamArn":"arn:aws:kinesis:us-east-1:1:stream/s"}}"#;
        let letter = DeadLetter::read(pointer);
        assert_eq!((letter.function(), letter.place()), (Some("echo"), (4, "1000")));
        assert!(
            letter.line().starts_with("echo RecordAgeExceeded 2 records of shardId-000000000001"),
            "{}",
            letter.line()
        );
        for body in ["", "hello", "{}", "[]"] {
            assert_eq!(DeadLetter::read(body), DeadLetter::Foreign);
        }
    }
}
