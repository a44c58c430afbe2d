//! Merges the shards of a stream by their records' time of arrival. Pure: time is passed in.

use super::Record;
use std::collections::{BTreeMap, VecDeque};

/// A record and when it can no longer be held back, in milliseconds since the epoch.
#[derive(Debug)]
struct Waiting {
    /// Its time of arrival, or that of the one before it in its shard, if that is later: a shard keeps its order.
    turn_ms: i64,
    due_ms: i64,
    record: Record,
}

impl Waiting {
    fn turn(&self) -> (i64, usize, &str) {
        (self.turn_ms, self.record.sequence_number.len(), &self.record.sequence_number)
    }
}

#[derive(Debug, Default)]
struct Shard {
    waiting: VecDeque<Waiting>,
    last_turn_ms: i64,
    complete_to_ms: i64,
    is_closed: bool,
}

impl Shard {
    /// Whether it may still bring a record whose turn is before this one.
    fn may_precede(&self, turn_ms: i64) -> bool {
        !self.is_closed && self.waiting.is_empty() && self.complete_to_ms < turn_ms
    }
}

/// Records that wait until no other shard can bring an earlier one.
#[derive(Debug)]
pub struct Merge {
    shards: BTreeMap<String, Shard>,
    /// How long a record waits for a shard that brings nothing. Without it, for as long as it takes.
    hold_ms: Option<i64>,
}

impl Merge {
    pub fn new(hold_ms: Option<i64>) -> Self {
        Self { shards: BTreeMap::new(), hold_ms }
    }

    /// A shard that the others wait for from now on.
    pub fn open(&mut self, shard: &str) {
        self.shards.entry(shard.to_owned()).or_default();
    }

    /// What was read of a shard, and up to which time of arrival that is everything.
    pub fn push(&mut self, shard: &str, records: Vec<Record>, complete_to_ms: i64, now_ms: i64) {
        let due_ms = self.hold_ms.map_or(i64::MAX, |hold_ms| now_ms.saturating_add(hold_ms));
        let shard = self.shards.entry(shard.to_owned()).or_default();
        for record in records {
            shard.last_turn_ms = shard.last_turn_ms.max(record.arrival_ms);
            shard.waiting.push_back(Waiting { turn_ms: shard.last_turn_ms, due_ms, record });
        }
        shard.complete_to_ms = shard.complete_to_ms.max(complete_to_ms);
    }

    /// A shard that brings nothing more.
    pub fn close(&mut self, shard: &str) {
        if let Some(shard) = self.shards.get_mut(shard) {
            shard.is_closed = true;
        }
    }

    /// The records whose turn it is.
    pub fn ready(&mut self, now_ms: i64) -> Vec<Record> {
        let mut ready = Vec::new();
        loop {
            self.shards.retain(|_, shard| !shard.is_closed || !shard.waiting.is_empty());
            let heads = self.shards.iter().filter_map(|(name, shard)| Some((name, shard.waiting.front()?)));
            let Some((name, first)) = heads.min_by(|(_, one), (_, other)| one.turn().cmp(&other.turn()))
            else {
                return ready;
            };
            let must_wait = self.shards.values().any(|shard| shard.may_precede(first.turn_ms));
            if must_wait && now_ms < first.due_ms {
                return ready;
            }
            let name = name.clone();
            let first = self.shards.get_mut(&name).and_then(|shard| shard.waiting.pop_front());
            ready.extend(first.map(|first| first.record));
        }
    }

    /// When a record's wait ends, in milliseconds since the epoch; `None` where none waits.
    pub fn next_due_ms(&self) -> Option<i64> {
        let heads = self.shards.values().filter_map(|shard| shard.waiting.front());
        heads.map(|head| head.due_ms).min()
    }

    pub fn is_empty(&self) -> bool {
        self.shards.values().all(|shard| shard.waiting.is_empty())
    }
}
