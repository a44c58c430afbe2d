//! The message that the dead-letter queue receives for a failed record.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use crate::limits::{DEAD_LETTER_BYTES_MAX, ERROR_TEXT_BYTES_MAX};
use crate::record::Record;

/// The reason why a record went to the dead-letter queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeadLetterReason {
    /// The record's data is not an event.
    Undecodable,
    /// The handler gave up, or sent a message that the gateway never accepts.
    GaveUp,
    /// The handler failed with an error that it did not classify, in every run.
    Failed,
    /// The handler asked for retries, or the connections endpoint failed: in every delivery, or while other
    /// connections got through.
    RetriesExhausted,
    /// The handler did not end before Lambda's deadline, in every delivery.
    TimedOut,
    /// The handler panicked.
    Panicked,
}

impl DeadLetterReason {
    /// The reason's name in the message and in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Undecodable => "undecodable",
            Self::GaveUp => "gave_up",
            Self::Failed => "failed",
            Self::RetriesExhausted => "retries_exhausted",
            Self::TimedOut => "timed_out",
            Self::Panicked => "panicked",
        }
    }
}

impl Serialize for DeadLetterReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The message: one JSON object.
///
/// ```json
/// {"reason": "gave_up", "error": "the order is not a number", "deliveries": 1,
///  "functionName": "orders", "requestId": "8f3…",
///  "record": {"data": "eyJwYXlsb2Fk…", "dataBytes": 164, "partitionKey": "L0SM9cOFvHcCIhw=",
///             "sequenceNumber": "4959…", "shardId": "shardId-000000000000", "eventId": "shardId-000000000000:4959…",
///             "streamArn": "arn:aws:kinesis:…:stream/sluicegate", "arrivalEpochMs": 1545084650987}}
/// ```
/// `data` is the whole record in base64, as in Kinesis's API. If the message would be too large for SQS, `data` is null,
/// and the record must be read from the stream by its sequence number within the retention period.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeadLetter<'a> {
    pub reason: DeadLetterReason,
    pub error: &'a str,
    pub deliveries: u32,
    pub function_name: &'a str,
    pub request_id: &'a str,
    record: DeadLetterRecord<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeadLetterRecord<'a> {
    data: Option<String>,
    data_bytes: usize,
    partition_key: &'a str,
    sequence_number: &'a str,
    shard_id: Option<&'a str>,
    event_id: &'a str,
    stream_arn: Option<&'a str>,
    arrival_epoch_ms: i64,
}

impl<'a> DeadLetter<'a> {
    /// A dead letter of this record; an error longer than [`ERROR_TEXT_BYTES_MAX`] is cut.
    pub fn new(
        reason: DeadLetterReason,
        error: &'a str,
        deliveries: u32,
        record: &'a Record,
        function_name: &'a str,
        request_id: &'a str,
    ) -> Self {
        let record = DeadLetterRecord {
            data: Some(STANDARD.encode(&record.data)),
            data_bytes: record.data.len(),
            partition_key: &record.partition_key,
            sequence_number: &record.sequence_number,
            shard_id: record.shard_id(),
            event_id: &record.event_id,
            stream_arn: record.stream_arn(),
            arrival_epoch_ms: record.arrival_epoch_ms,
        };
        Self { reason, error: cut(error), deliveries, function_name, request_id, record }
    }

    /// The message as JSON, at most [`DEAD_LETTER_BYTES_MAX`] bytes.
    pub fn into_message(mut self) -> Result<String, serde_json::Error> {
        let whole = serde_json::to_string(&self)?;
        if whole.len() <= DEAD_LETTER_BYTES_MAX {
            return Ok(whole);
        }
        self.record.data = None;
        serde_json::to_string(&self)
    }
}

/// The beginning of a text, up to [`ERROR_TEXT_BYTES_MAX`] bytes.
pub(crate) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(ERROR_TEXT_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn record(data: Vec<u8>) -> Record {
        Record {
            event_id: "shardId-000000000000:4959".into(),
            sequence_number: "4959".into(),
            partition_key: "c=".into(),
            data,
            arrival_epoch_ms: 1_545_084_650_987,
            source_arn: Some("arn:aws:kinesis:eu-west-1:1:stream/s/consumer/c:1".into()),
        }
    }

    #[test]
    fn the_message_holds_the_whole_record() {
        let record = record(b"no event".to_vec());
        let dead_letter =
            DeadLetter::new(DeadLetterReason::Undecodable, "expected ident", 1, &record, "echo", "r-1");
        let message: Value = serde_json::from_str(&dead_letter.into_message().unwrap()).unwrap();
        assert_eq!(
            message,
            json!({"reason": "undecodable", "error": "expected ident", "deliveries": 1, "functionName": "echo",
                "requestId": "r-1", "record": {"data": "bm8gZXZlbnQ=", "dataBytes": 8, "partitionKey": "c=",
                "sequenceNumber": "4959", "shardId": "shardId-000000000000", "eventId": "shardId-000000000000:4959",
                "streamArn": "arn:aws:kinesis:eu-west-1:1:stream/s", "arrivalEpochMs": 1_545_084_650_987_i64}})
        );
    }

    proptest! {
        // Each case encodes up to a megabyte; the edge is met by the sizes around it.
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        /// Whatever the record's size and the error's, the message fits SQS, and leaves out data only if it must.
        #[test]
        fn the_message_fits_sqs(bytes in prop_oneof![0usize..1_048_576, 170_000usize..200_000], error in "\\PC{0,3000}") {
            let record = record(vec![0; bytes]);
            let message = DeadLetter::new(DeadLetterReason::Failed, &error, 1, &record, "f", "r").into_message().unwrap();
            prop_assert!(message.len() <= DEAD_LETTER_BYTES_MAX);
            let message: Value = serde_json::from_str(&message).unwrap();
            prop_assert_eq!(message["record"]["dataBytes"].as_u64(), Some(bytes as u64));
            // 4,096 bytes of error, escaped, and the envelope stay below 32 KB.
            if bytes < 172_000 {
                prop_assert!(message["record"]["data"].is_string());
            }
        }
    }
}
