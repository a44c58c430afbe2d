//! Reads a shard from a sequence number, and waits at its end.

use super::Streams;
use super::store::types::{Shard, StoredRecord, is_open, shard_index, shard_prefix};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch;

/// Records of the first read, before their size is known: two batches of mappings' default size, and no more than 90 MB
/// of records of 1 MiB.
const READ_FIRST_RECORDS: usize = 64;

#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Decimal digits; within a shard, later records compare greater as text.
    pub sequence_number: Arc<str>,
    pub partition_key: String,
    /// Base64.
    pub data: String,
    /// Milliseconds since the epoch.
    pub arrived_ms: u64,
}

/// A shard of a stream, open or closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardInfo {
    /// The number at the end of its id.
    pub index: i64,
    /// `shardId-000000000000`
    pub id: String,
    /// Whether it takes no more records, because it was split or merged.
    pub closed: bool,
    /// The shards to drain first.
    pub parents: Vec<i64>,
    /// The sequence number before its first record's.
    pub starts: Arc<str>,
}

/// A reader's position in a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Position {
    /// Before its first record.
    Start,
    /// Before the record with this sequence number, or where it would be.
    At(Arc<str>),
    /// After it.
    After(Arc<str>),
}

/// The size of one read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimit {
    pub records: usize,
    /// Base64 bytes of data, at most, unless the first record alone has more.
    pub data_bytes: usize,
}

/// The result of one read.
#[derive(Debug, Default)]
pub struct ReadRecords {
    /// In the order of the shard.
    pub records: Vec<Record>,
    /// Whether the limit ended it: there may be more.
    pub is_cut: bool,
}

/// A read in progress, with the rest of its limit. Pure.
struct Taking {
    limit: ReadLimit,
    data_bytes: usize,
    taken: ReadRecords,
}

impl Taking {
    fn new(limit: ReadLimit) -> Self {
        Self { limit, data_bytes: 0, taken: ReadRecords::default() }
    }

    /// How many records to read next, so that only few of them do not fit; `None`: no more.
    fn at_once(&self) -> Option<usize> {
        let taken = self.taken.records.len();
        let room = self.limit.records.checked_sub(taken).filter(|room| *room > 0 && !self.taken.is_cut)?;
        let left = self.limit.data_bytes - self.data_bytes;
        let usual = self.data_bytes.checked_div(taken);
        let seem_to_fit = usual.map_or(READ_FIRST_RECORDS, |usual| left / usual.max(1));
        Some(room.min(seem_to_fit.max(1)))
    }

    fn take(&mut self, record: Record) {
        let data_bytes = self.data_bytes + record.data.len();
        let is_full = !self.taken.records.is_empty() && data_bytes > self.limit.data_bytes;
        if self.taken.is_cut || is_full {
            self.taken.is_cut = true;
            return;
        }
        self.data_bytes = data_bytes.min(self.limit.data_bytes);
        self.taken.records.push(record);
        self.taken.is_cut = self.taken.records.len() == self.limit.records;
    }
}

impl Streams {
    /// The stream's shards; `None` if there is no such stream.
    pub async fn shards(&self, stream: &str) -> Option<Vec<ShardInfo>> {
        let stream = self.store.get_stream(stream).await.ok()?;
        let info = |shard: &Shard| ShardInfo {
            index: shard_index(&shard.shard_id),
            id: shard.shard_id.clone(),
            closed: !is_open(shard),
            parents: [&shard.parent_shard_id, &shard.adjacent_parent_shard_id]
                .into_iter()
                .flatten()
                .map(|id| shard_index(id))
                .collect(),
            starts: shard.sequence_number_range.starting_sequence_number.as_str().into(),
        };
        Some(stream.shards.iter().map(info).collect())
    }

    /// How long a stream keeps its records, in milliseconds; `None` if there is no such stream.
    pub async fn retention_ms(&self, stream: &str) -> Option<u64> {
        let stream = self.store.get_stream(stream).await.ok()?;
        Some(u64::from(stream.retention_period_hours) * 3_600_000)
    }

    /// Whether an ARN belongs to a stream or to a registered consumer.
    pub async fn source_exists(&self, arn: &str) -> bool {
        if arn.contains("/consumer/") {
            return self.store.get_consumer(arn).await.is_some();
        }
        match crate::core::account::stream_name_of_arn(arn) {
            Some(name) => self.store.contains_stream(name).await,
            None => false,
        }
    }

    /// Records of a shard after a sequence number, or from its beginning, up to a limit.
    pub async fn read_after(
        &self,
        stream: &str,
        shard: i64,
        after: Option<&str>,
        limit: ReadLimit,
    ) -> ReadRecords {
        let position = after.map_or(Position::Start, |after| Position::After(after.into()));
        self.read(stream, shard, &position, limit).await
    }

    /// Records of a shard from a position on, up to a limit.
    pub(super) async fn read(
        &self,
        stream: &str,
        shard: i64,
        position: &Position,
        limit: ReadLimit,
    ) -> ReadRecords {
        let prefix = shard_prefix(shard);
        // Keys are "{shard}/{sequence number}"; '0' is the character after '/'.
        let mut start = match position {
            Position::Start => format!("{prefix}/"),
            Position::At(sequence_number) => format!("{prefix}/{sequence_number}"),
            Position::After(sequence_number) => format!("{prefix}/{sequence_number}\u{1}"),
        };
        let end = format!("{prefix}0");
        let open = self.store.open(stream);
        let mut read = Taking::new(limit);
        // The library has no limit in bytes, so the first read is small and the next ones have as many records as seem
        // to fit.
        while let Some(at_once) = read.at_once() {
            let stored = self.store.lock(&open).await.range(&start, &end, at_once).await;
            let is_end = stored.len() < at_once;
            if let Some((key, _)) = stored.last() {
                start = format!("{key}\u{1}");
            }
            for (key, record) in stored {
                read.take(Record {
                    arrived_ms: arrived_ms(&record),
                    sequence_number: key[prefix.len() + 1..].into(),
                    partition_key: record.partition_key,
                    data: record.data,
                });
            }
            if is_end {
                break;
            }
        }
        read.taken
    }

    /// The first record of a shard that arrived at a time or later.
    pub(super) async fn at_timestamp(&self, stream: &str, shard: i64, seconds: f64) -> Option<Position> {
        let prefix = shard_prefix(shard);
        let (start, end) = (format!("{prefix}/"), format!("{prefix}0"));
        let open = self.store.open(stream);
        let (key, _) = self.store.lock(&open).await.first_since(&start, &end, seconds).await?;
        Some(Position::At(key[start.len()..].into()))
    }

    /// Watches a shard's tail: its last sequence number, changed by each append.
    pub fn tail(&self, stream: &str, shard: i64) -> watch::Receiver<Option<Arc<str>>> {
        self.store.open(stream).tail(shard)
    }

    /// The last sequence number of each shard that has any.
    pub fn tails(&self, stream: &str) -> HashMap<i64, Arc<str>> {
        self.store.open(stream).tails()
    }

    /// Watches the stream itself: its shards, its consumers, its end.
    pub fn changes(&self, stream: &str) -> watch::Receiver<()> {
        self.store.open(stream).changes()
    }

    /// Every stream's settings and consumers without ids and times, so that two emulators can be compared.
    pub async fn state(&self) -> Value {
        let mut state = Map::new();
        for name in self.store.list_stream_names().await {
            let Ok(stream) = self.store.get_stream(&name).await else { continue };
            let consumers = self.store.list_consumers_for_stream(&stream.stream_arn).await;
            let mut consumers: Vec<_> =
                consumers.into_iter().map(|consumer| consumer.consumer_name).collect();
            consumers.sort();
            let settings = json!({
                "mode": stream.stream_mode_details,
                "openShards": stream.shards.iter().filter(|shard| is_open(shard)).count(),
                "retentionHours": stream.retention_period_hours,
                "encryption": stream.encryption_type,
                "keyId": stream.key_id,
                "consumers": consumers,
            });
            state.insert(name, settings);
        }
        Value::Object(state)
    }
}

/// When a record arrived, in milliseconds since the epoch.
pub(super) fn arrived_ms(record: &StoredRecord) -> u64 {
    (record.approximate_arrival_timestamp * 1_000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(data_bytes: usize) -> Record {
        Record {
            sequence_number: "".into(),
            partition_key: String::new(),
            data: "x".repeat(data_bytes),
            arrived_ms: 0,
        }
    }

    proptest! {
        /// Issue 16, C11.
        #[test]
        fn a_read_takes_what_its_limit_allows_and_not_more(
            sizes in prop::collection::vec(0..200_usize, 0..100), records in 1..60_usize, data_bytes in 1..2_000_usize,
        ) {
            let mut read = Taking::new(ReadLimit { records, data_bytes });
            let mut next = 0;
            while let Some(at_once) = read.at_once() {
                prop_assert!(at_once >= 1);
                let end = (next + at_once).min(sizes.len());
                sizes[next..end].iter().for_each(|size| read.take(record(*size)));
                if end - next < at_once {
                    break;
                }
                next = end;
            }
            let taken: Vec<_> = read.taken.records.iter().map(|record| record.data.len()).collect();
            let mut sum = 0;
            let fits = sizes.iter().take(records).enumerate().take_while(|(index, size)| {
                sum += *size;
                *index == 0 || sum <= data_bytes
            });
            let expected: Vec<_> = fits.map(|(_, size)| *size).collect();
            prop_assert!(read.taken.is_cut || taken.len() == sizes.len());
            prop_assert_eq!(taken, expected);
        }
    }
}
