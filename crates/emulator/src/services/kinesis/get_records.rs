//! GetRecords and GetShardIterator: refuses what the library lets through and AWS does not.

use super::error::KinesisError;
use super::read::{Position, ReadLimit, Record};
use super::store::types::{decode_shard_iterator, sequence};
use super::{ReadRecords, Streams};
use crate::core::clock;
use serde_json::Value;

/// Records of one answer, at most, and by default.
const RECORDS_MAX: usize = 10_000;
/// Bytes of data in one answer, at most: 10 MiB, which as base64 are a third more.
const DATA_BYTES_MAX: usize = 10 * 1_024 * 1_024 / 3 * 4;

/// The answer's size for one call of GetRecords.
pub(super) struct Answered {
    /// Records, at most; also 1 if there are none.
    pub(super) limit: usize,
    /// The age of the last of them if the shard has more; the library always says 0, which consumers take for the
    /// shard's end.
    pub(super) behind_ms: u64,
}

impl Streams {
    /// How many of an iterator's records are returned. `None`: the library refuses the call.
    pub(super) async fn answered(&self, request: &Value) -> Option<Answered> {
        let asked = &request["Limit"];
        let records = if asked.is_null() { RECORDS_MAX } else { usize::try_from(asked.as_u64()?).ok()? };
        if !(1..=RECORDS_MAX).contains(&records) {
            return None;
        }
        let (_, stream, shard, from) = decode_shard_iterator(request["ShardIterator"].as_str()?).ok()?;
        let (_, shard) = sequence::resolve_shard_id(&shard).ok()?;
        // The library deletes the expired records that it finds in a task that does not hold the append lock. So they
        // are deleted here first. Those that expire in between do no harm: that task waits for nothing while it keeps a
        // reader waiting.
        if let Some(kept_ms) = self.retention_ms(&stream).await {
            self.expire(&stream, shard, clock::now_ms().saturating_sub(kept_ms)).await;
        }
        let limit = ReadLimit { records, data_bytes: DATA_BYTES_MAX };
        let ReadRecords { records, .. } =
            self.read(&stream, shard, &Position::At(from.as_str().into()), limit).await;
        let behind_ms = records.last().map_or(0, |last| self.behind_ms(&stream, shard, last));
        Some(Answered { limit: records.len().max(1), behind_ms })
    }

    /// How far a reader at a record is behind the shard's end, in milliseconds.
    pub(super) fn behind_ms(&self, stream: &str, shard: i64, record: &Record) -> u64 {
        let tail = self.tails(stream).remove(&shard);
        let is_latest = tail.is_none_or(|tail| *tail <= *record.sequence_number);
        if is_latest { 0 } else { clock::now_ms().saturating_sub(record.arrived_ms).max(1) }
    }
}

/// Finds members of GetShardIterator that do not fit its type, or are missing.
pub(super) fn check_iterator(request: &Value) -> Result<(), KinesisError> {
    let invalid = |message: &str| Err(KinesisError::client("InvalidArgumentException", message));
    let starting = &request["StartingSequenceNumber"];
    if request["ShardIteratorType"] == "AT_TIMESTAMP" {
        if !starting.is_null() {
            return invalid(
                "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or \
                 (2) AT_TIMESTAMP and Timestamp and no StartingSequenceNumber. Request specified AT_TIMESTAMP and \
                 also a StartingSequenceNumber.",
            );
        }
        if request["Timestamp"].is_null() {
            return invalid(
                "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no \
                 timestamp parameter.",
            );
        }
    }
    let number = starting.as_str().and_then(|number| sequence::parse_sequence(number).ok());
    match (number, starting.as_str()) {
        // An obsolete form, older than any stream here: the library fails on it.
        (Some(number), Some(text)) if number.version == 0 => invalid(&format!(
            "StartingSequenceNumber {text} used in GetShardIterator on shard {} is invalid because it did not come \
             from this stream.",
            request["ShardId"].as_str().unwrap_or_default()
        )),
        _ => Ok(()),
    }
}
