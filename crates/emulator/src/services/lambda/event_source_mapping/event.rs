//! The event for a function, with its members in Lambda's order (docs/aws-behaviour.md#lambda-events).

use crate::services::kinesis::Record;
use serde_json::json;
use std::io::Write as _;
use std::sync::Arc;

/// Bytes reserved for the constant parts, keys and sequence numbers of each record; the event grows if it needs more.
const RECORD_BYTES: usize = 512;

/// The values that all records of a mapping share.
#[derive(Debug, Clone)]
pub struct EventFrame {
    /// `eventSourceARN`: the mapping's source, a stream's or a consumer's ARN.
    pub event_source_arn: String,
    /// `invokeIdentityArn`: the function's role.
    pub invoke_identity_arn: String,
    /// `awsRegion`
    pub region: String,
}

/// Bytes of the event around each record's data and keys, with its comma and its share of the event's own frame.
pub fn envelope_bytes(frame: &EventFrame, shard_id: &str) -> usize {
    // The longest time until the year 2286.
    let arrived_ms = 9_999_999_999_999;
    let empty =
        Record { sequence_number: "".into(), partition_key: String::new(), data: String::new(), arrived_ms };
    event(frame, shard_id, &[Arc::new(empty)]).len()
}

/// Bytes of a record in an event, at most.
pub fn record_bytes(record: &Record, envelope_bytes: usize) -> usize {
    // Base64 and digits need no escapes; a key may.
    let key: usize = record
        .partition_key
        .bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => r"\n".len(),
            0..0x20 => r"\u0000".len(),
            _ => 1,
        })
        .sum();
    // The sequence number is in `eventID` too.
    envelope_bytes + record.data.len() + key + 2 * record.sequence_number.len()
}

pub fn event(frame: &EventFrame, shard_id: &str, records: &[Arc<Record>]) -> Vec<u8> {
    // Constant for all records; user input may need escapes.
    let role = json!(frame.invoke_identity_arn);
    let (region, source) = (json!(frame.region), json!(frame.event_source_arn));
    let of_mapping =
        format!(r#""invokeIdentityArn":{role},"awsRegion":{region},"eventSourceARN":{source}}}"#);
    let bytes = |record: &Arc<Record>| RECORD_BYTES + of_mapping.len() + record.data.len();
    let mut event = Vec::with_capacity(records.iter().map(bytes).sum());
    event.extend_from_slice(br#"{"Records":["#);
    for (index, record) in records.iter().enumerate() {
        let Record { sequence_number, data, .. } = &**record;
        let comma = if index == 0 { "" } else { "," };
        let partition_key = json!(record.partition_key);
        let arrived_s = json!(record.arrived_ms as f64 / 1_000.0);
        // Writing into memory does not fail. Base64 and digits need no escapes.
        let _ = write!(
            event,
            r#"{comma}{{"kinesis":{{"kinesisSchemaVersion":"1.0","partitionKey":{partition_key},"sequenceNumber":"{sequence_number}","data":"{data}","approximateArrivalTimestamp":{arrived_s}}},"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"{shard_id}:{sequence_number}","eventName":"aws:kinesis:record",{of_mapping}"#
        );
    }
    event.extend_from_slice(b"]}");
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::lambda::event_source_mapping::batch::{Batch, INVOCATION_BYTES_MAX};
    use proptest::prelude::*;

    /// docs/aws-behaviour.md#lambda-events: a recorded event, word for word, with its members in the recorded order.
    #[test]
    fn an_event_is_the_one_recorded() {
        let frame = EventFrame {
            event_source_arn: "arn:aws:kinesis:us-east-1:123456789012:stream/lambda-stream".into(),
            invoke_identity_arn: "arn:aws:iam::123456789012:role/lambda-role".into(),
            region: "us-east-1".into(),
        };
        let record = Record {
            sequence_number: "49590338271490256608559692538361571095921575989136588898".into(),
            partition_key: "1".into(),
            data: "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==".into(),
            arrived_ms: 1_545_084_650_987,
        };
        let made = event(&frame, "shardId-000000000006", &[Arc::new(record)]);
        assert_eq!(String::from_utf8_lossy(&made), include_str!("event/recorded.json").trim_end());
    }

    #[test]
    fn an_event_is_json_whatever_its_keys_are() {
        let frame = EventFrame {
            event_source_arn: "arn:stream".into(),
            invoke_identity_arn: "arn:\"role\"".into(),
            region: "eu-west-1".into(),
        };
        let record = |partition_key: &str| {
            let partition_key = partition_key.into();
            Arc::new(Record {
                sequence_number: "42".into(),
                partition_key,
                data: "AAEC".into(),
                arrived_ms: 1_234_567,
            })
        };
        let event = event(&frame, "shardId-000000000000", &[record("k"), record("\"\n\u{1}é")]);
        let expected = |partition_key: &str| {
            json!({
                "kinesis": {
                    "kinesisSchemaVersion": "1.0", "partitionKey": partition_key, "sequenceNumber": "42",
                    "data": "AAEC", "approximateArrivalTimestamp": 1_234.567,
                },
                "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": "shardId-000000000000:42",
                "eventName": "aws:kinesis:record", "invokeIdentityArn": "arn:\"role\"",
                "awsRegion": "eu-west-1", "eventSourceARN": "arn:stream",
            })
        };
        let event: serde_json::Value = serde_json::from_slice(&event).unwrap();
        assert_eq!(event, json!({"Records": [expected("k"), expected("\"\n\u{1}é")]}));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        /// docs/aws-behaviour.md#lambda-mappings: 6 MB with the envelope, whatever the records are; and as many records
        /// as fit.
        #[test]
        fn a_payload_is_never_over_six_megabytes_and_as_full_as_it_can_be(
            sizes in proptest::collection::vec((0..700_000_usize, "\\PC{1,64}|[\u{0}-\u{1f}\"]{1,256}"), 24..60),
            region in "[a-z0-9-]{1,20}",
            role in "[ -~]{0,300}",
        ) {
            let frame = EventFrame {
                event_source_arn: "arn:aws:kinesis:us-east-1:000000000000:stream/events".into(),
                invoke_identity_arn: role,
                region,
            };
            let records: Vec<_> = sizes.into_iter().enumerate().map(|(number, (size, partition_key))| {
                Arc::new(Record {
                    sequence_number: format!("{number:056}").into(),
                    partition_key,
                    data: "A".repeat(size),
                    arrived_ms: 1_764_158_400_000 + number as u64,
                })
            }).collect();
            let shard_id = "shardId-000000000000";
            let len = Batch::len_of_first(records.iter().cloned(), 10_000, envelope_bytes(&frame, shard_id));
            prop_assert!(event(&frame, shard_id, &records[..len.records]).len() <= INVOCATION_BYTES_MAX);
            if len.full {
                // The comma and the fraction of a second count at their longest, and each record has a share of the
                // frame.
                let slack = 32 * (len.records + 1);
                let more = event(&frame, shard_id, &records[..=len.records]).len();
                prop_assert!(more + slack > INVOCATION_BYTES_MAX);
            }
        }
    }
}
