//! Where a mapping begins in a shard without a checkpoint.

use super::config::StartingPosition;
use super::poller::{READ_AHEAD_BYTES_MAX, READ_RECORDS_MAX};
use crate::services::kinesis::{ReadLimit, ReadRecords, Streams};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// The record to begin after; `None`: the shard's beginning.
///
/// LATEST became checkpoints when the mapping was created, so a shard without one is newer than the mapping and is read
/// from its beginning, as with TRIM_HORIZON.
pub(super) async fn first_position(
    position: StartingPosition,
    streams: &Streams,
    stream: &str,
    shard: i64,
) -> Option<Arc<str>> {
    let StartingPosition::AtTimestamp(at) = position else { return None };
    let at_ms = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let mut before: Option<Arc<str>> = None;
    loop {
        let limit = ReadLimit { records: READ_RECORDS_MAX, data_bytes: READ_AHEAD_BYTES_MAX };
        let ReadRecords { records, is_cut } =
            streams.read_after(stream, shard, before.as_deref(), limit).await;
        let older = records.iter().take_while(|record| record.arrived_ms < at_ms).count();
        if older == 0 {
            return before;
        }
        before = Some(records[older - 1].sequence_number.clone());
        if older < records.len() || !is_cut {
            return before;
        }
    }
}
