//! The simulated stream: its shards, and the records in them.

use super::KEYS;
use crate::services::kinesis::{Record, ShardInfo, Step, steps_to};
use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use std::ops::Range;
use std::sync::Arc;

/// Shards that may be open at once.
const SHARDS_MAX: usize = 6;
/// The data of a record that passes the mapping's filters.
const PASSES: &str = "e30=";

/// A shard as the simulated stream keeps it.
pub struct SimShard {
    pub info: ShardInfo,
    /// The range of keys that belong to it.
    keys: Range<usize>,
    pub records: Vec<Record>,
}

pub struct World {
    pub shards: Vec<SimShard>,
    /// Records so far: each one's sequence number is how many came before it.
    appended: usize,
}

impl World {
    /// Two shards.
    pub fn new() -> Self {
        let mut world = Self { shards: Vec::new(), appended: 0 };
        world.add(0..KEYS / 2, Vec::new());
        world.add(KEYS / 2..KEYS, Vec::new());
        world
    }

    /// A record of some key arrives. Returns the key and the shard.
    pub fn append(&mut self, random: &mut StdRng, now_ms: u64) -> (usize, i64) {
        // Some keys are hot.
        let key = random.random_range(0..KEYS).min(random.random_range(0..KEYS));
        let record = Record {
            sequence_number: format!("{:012}", self.appended).into(),
            partition_key: key.to_string(),
            data: if random.random_bool(0.05) { "ZmlsdGVyZWQ=".into() } else { PASSES.into() },
            arrived_ms: now_ms,
        };
        self.appended += 1;
        let shard = self.shards.iter_mut().find(|shard| !shard.info.closed && shard.keys.contains(&key));
        let shard = shard.expect("the open shards hold all keys");
        shard.records.push(record);
        (key, shard.info.index)
    }

    /// The steps of a SplitShard, a MergeShards or an UpdateShardCount.
    pub fn some_steps(&self, random: &mut StdRng) -> Vec<Step> {
        let open: Vec<&SimShard> = self.shards.iter().filter(|shard| !shard.info.closed).collect();
        let one = *open.choose(random).expect("a shard is open");
        match random.random_range(0..3) {
            0 if open.len() < SHARDS_MAX && one.keys.len() > 1 => {
                let at = random.random_range(one.keys.start + 1..one.keys.end);
                vec![Step::Split { shard: one.info.index, at: at as u128 }]
            }
            1 => {
                let next = open.iter().find(|shard| shard.keys.start == one.keys.end);
                let merge = next.map(|next| Step::Merge { lower: one.info.index, upper: next.info.index });
                merge.into_iter().collect()
            }
            2 => {
                let count = random.random_range(1..=SHARDS_MAX);
                let starts: Vec<u128> = (0..count).map(|n| (n * KEYS / count) as u128).collect();
                let keys = |shard: &SimShard| shard.keys.start as u128..=shard.keys.end as u128 - 1;
                let open = open.into_iter().map(|shard| (shard.info.index, keys(shard))).collect();
                steps_to(open, self.shards.len() as i64, &starts)
            }
            _ => Vec::new(),
        }
    }

    /// Makes a step. Returns the shards that it closed.
    pub fn apply(&mut self, step: Step) -> Vec<i64> {
        let keys = |index: i64| self.shards[index as usize].keys.clone();
        let (parents, children) = match step {
            Step::Split { shard, at } => {
                let (keys, middle) = (keys(shard), at as usize);
                (vec![shard], vec![keys.start..middle, middle..keys.end])
            }
            Step::Merge { lower, upper } => {
                (vec![lower, upper], std::iter::once(keys(lower).start..keys(upper).end).collect())
            }
        };
        for parent in &parents {
            self.shards[*parent as usize].info.closed = true;
        }
        for keys in children {
            self.add(keys, parents.clone());
        }
        parents
    }

    fn add(&mut self, keys: Range<usize>, parents: Vec<i64>) {
        let index = self.shards.len() as i64;
        let id = format!("shardId-{index:012}");
        let info = ShardInfo { index, id, starts: "0".into(), closed: false, parents };
        self.shards.push(SimShard { info, keys, records: Vec::new() });
    }

    /// Up to `limit` records of a shard after one of them.
    pub fn read(&self, shard: i64, after: Option<&str>, limit: usize) -> Vec<Record> {
        let records = &self.shards[shard as usize].records;
        let from = after
            .map_or(0, |after| records.partition_point(|record| record.sequence_number.as_ref() <= after));
        records[from..].iter().take(limit).cloned().collect()
    }

    /// The records of a shard after one checkpoint, up to another.
    pub fn between(&self, shard: i64, before: Option<&Arc<str>>, through: Option<&Arc<str>>) -> &[Record] {
        let records = &self.shards[shard as usize].records;
        let at = |number: Option<&Arc<str>>| {
            number.map_or(0, |number| records.partition_point(|record| record.sequence_number <= *number))
        };
        &records[at(before)..at(through)]
    }
}

/// Whether the mapping's filters let a record through.
pub fn passes(record: &Record) -> bool {
    record.data == PASSES
}
