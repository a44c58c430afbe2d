//! A record with given data, as filters see it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulator::services::lambda::event_source_mapping::filter::FilterSubject;
use emulator::services::kinesis::Record;

/// A record; a pattern sees its data as base64, as Kinesis delivers it.
pub fn of(data: &str) -> Record {
    Record {
        sequence_number: "49590338271490256608559692538361571095921575989136588898".into(),
        partition_key: "Qyi07eCbtjMCJKw=".into(),
        data: STANDARD.encode(data),
        arrived_ms: 1_708_326_702_790,
    }
}

/// The record as filters see it.
pub fn subject(record: &Record) -> FilterSubject<'_> {
    FilterSubject {
        record,
        shard_id: "shardId-000000000000",
        event_source_arn: "arn:aws:kinesis:us-east-1:000000000000:stream/events",
        region: "us-east-1",
    }
}
