//! The state that results from a log's segments, read in order. Pure.

use super::entry::{Entry, Head, KeptRecord};
use std::collections::HashMap;

/// What is known of a segment without reading it.
pub struct Segment {
    pub number: u64,
    /// When each stream's newest record in it arrived, in milliseconds since the epoch.
    pub newest_ms: HashMap<String, u64>,
}

impl Segment {
    pub fn new(number: u64) -> Self {
        Self { number, newest_ms: HashMap::new() }
    }

    pub fn apply(&mut self, entry: &Entry<'_>) {
        let Entry::Record(record) = entry else { return };
        match self.newest_ms.get_mut(record.stream) {
            Some(newest) => *newest = record.arrived_ms.max(*newest),
            None => drop(self.newest_ms.insert(record.stream.into(), record.arrived_ms)),
        }
    }
}

#[derive(Default)]
pub struct Replay {
    pub head: Head,
    pub records: Vec<KeptRecord>,
    pub segments: Vec<Segment>,
}

impl Replay {
    pub fn begin(&mut self, number: u64) {
        self.segments.push(Segment::new(number));
    }

    /// Applies one entry. Returns a record that should have been read before it and was not, if there is one: a segment
    /// begins with the positions of the shards.
    pub fn apply(&mut self, entry: &Entry<'_>) -> Option<Missing> {
        let missing = self.missing(entry);
        self.head.apply(entry);
        if let Some(segment) = self.segments.last_mut() {
            segment.apply(entry);
        }
        match entry {
            Entry::Record(record) => self.records.push(KeptRecord::from(record)),
            Entry::Forget { stream } => {
                self.records.retain(|record| record.stream != *stream);
                forget(&mut self.segments, stream);
            }
            _ => {}
        }
        missing
    }

    fn missing(&self, entry: &Entry<'_>) -> Option<Missing> {
        let Entry::Tail { stream, shard, sequence_number } = *entry else { return None };
        let read = self.head.tails.get(stream).and_then(|shards| shards.get(&shard));
        // The oldest segment replaces those that were dropped.
        let is_missing = self.segments.len() > 1 && read.is_none_or(|read| read != sequence_number);
        is_missing.then(|| Missing { stream: stream.into(), shard, through: sequence_number.into() })
    }
}

/// A record that was there before a segment, according to that segment.
#[derive(Debug, PartialEq, Eq)]
pub struct Missing {
    pub stream: String,
    pub shard: u32,
    pub through: String,
}

/// The stream has nothing in these segments any more.
pub fn forget(segments: &mut [Segment], stream: &str) {
    for segment in segments {
        segment.newest_ms.remove(stream);
    }
}
