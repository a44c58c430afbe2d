//! GetRecords and GetShardIterator: what the library does not see, and what it lets through and AWS does not.

use super::error::KinesisError;
use super::read::{Position, ReadLimit, Record};
use super::request::stream_of;
use super::store::types::{Operation, decode_shard_iterator, sequence};
use super::wire::Answer;
use super::{ReadRecords, Streams};
use crate::core::clock;
use serde_json::Value;

/// Records of one answer, at most, and by default.
const RECORDS_MAX: usize = 10_000;
/// Bytes of data in one answer, at most: 10 MiB, which as base64 are a third more.
const DATA_BYTES_MAX: usize = 10 * 1_024 * 1_024 / 3 * 4;

/// What one call of GetRecords finds.
pub(super) struct Found {
    records: usize,
    /// How old the last record is, where more are in the shard already.
    behind_ms: u64,
}

impl Streams {
    /// As many records as an answer may have; the library knows no limit in bytes.
    pub(super) async fn get_records(&self, mut request: Value) -> Answer {
        let mut behind_ms = 0;
        if let Some(found) = self.found(&request).await {
            request["Limit"] = found.records.max(1).into();
            // The library always says 0, which consumers take for the shard's end.
            behind_ms = found.behind_ms;
        }
        let mut answer = self.store.dispatch(Operation::GetRecords, &request).await?;
        if let Some(answer) = answer.as_mut().filter(|_| behind_ms > 0) {
            answer["MillisBehindLatest"] = behind_ms.into();
        }
        Ok(answer)
    }

    pub(super) async fn get_shard_iterator(&self, mut request: Value) -> Answer {
        check_iterator(&request)?;
        self.with_tail(&mut request);
        self.store.dispatch(Operation::GetShardIterator, &request).await
    }

    /// What an iterator points at. `None`: the library refuses the call.
    pub(super) async fn found(&self, request: &Value) -> Option<Found> {
        let asked = &request["Limit"];
        let records = if asked.is_null() { RECORDS_MAX } else { usize::try_from(asked.as_u64()?).ok()? };
        if !(1..=RECORDS_MAX).contains(&records) {
            return None;
        }
        let (_, stream, shard, from) = decode_shard_iterator(request["ShardIterator"].as_str()?).ok()?;
        // Nothing was written to it, nor read.
        self.store.opened(&stream)?;
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
        Some(Found { records: records.len(), behind_ms })
    }

    /// LATEST as the sequence number that it means here: the library does not see our appends.
    fn with_tail(&self, request: &mut Value) {
        let Some(stream) = stream_of(request) else { return };
        if request["ShardIteratorType"] != "LATEST" || !request["StartingSequenceNumber"].is_null() {
            return;
        }
        let shard = request["ShardId"].as_str().and_then(|id| sequence::resolve_shard_id(id).ok());
        let tails = self.store.opened(&stream).map(|open| open.tails()).unwrap_or_default();
        match shard.and_then(|(_, index)| tails.get(&index).cloned()) {
            Some(tail) => {
                request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER".into();
                request["StartingSequenceNumber"] = tail.as_ref().into();
            }
            None => request["ShardIteratorType"] = "TRIM_HORIZON".into(),
        }
    }

    /// How far a reader at a record is behind the shard's end, in milliseconds.
    pub(super) fn behind_ms(&self, stream: &str, shard: i64, record: &Record) -> u64 {
        let tail = self.tails(stream).remove(&shard);
        let is_latest = tail.is_none_or(|tail| *tail <= *record.sequence_number);
        if is_latest { 0 } else { clock::now_ms().saturating_sub(record.arrived_ms).max(1) }
    }
}

/// Finds what GetShardIterator is given that is not for its type, or is missing.
fn check_iterator(request: &Value) -> Result<(), KinesisError> {
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
