//! Where a stream's next records go: its open shards, and the position of each one's next record. Pure.

use super::store::types::{SeqObj, Stream, is_open, sequence, shard_index};
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The version of AWS's current sequence numbers.
const SEQUENCE_VERSION: u32 = 2;

/// A stream's open shards; they belong to the holder of the append lock.
#[derive(Debug, Default)]
pub(super) struct Routes {
    shards: Vec<Route>,
    /// Bytes of a record's data and partition key, at most.
    pub(super) record_bytes_max: usize,
}

/// One open shard.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) index: i64,
    pub(super) shard_id: Arc<str>,
    hash_keys: RangeInclusive<u128>,
    created_ms: u64,
    /// Comes before the time in a sequence number, and so must never decrease.
    next: u64,
}

impl Routes {
    /// A stream's open shards, each of which continues after its tail.
    pub(super) fn of(stream: &Stream, tails: &HashMap<i64, Arc<str>>) -> Self {
        let open = stream.shards.iter().filter(|shard| is_open(shard)).map(|shard| {
            let index = shard_index(&shard.shard_id);
            let starts = sequence::parse_sequence(&shard.sequence_number_range.starting_sequence_number);
            let tail = tails.get(&index).and_then(|tail| sequence::parse_sequence(tail).ok()?.seq_ix);
            Route {
                index,
                shard_id: shard.shard_id.as_str().into(),
                hash_keys: shard.hash_key_range.start_u128()..=shard.hash_key_range.end_u128(),
                created_ms: starts.map_or(0, |starts| starts.shard_create_time),
                // The shard's own starting sequence number has 0.
                next: tail.map_or(1, |tail| tail + 1),
            }
        });
        Self { shards: open.collect(), record_bytes_max: stream.max_record_size_kib as usize * 1_024 }
    }

    /// The shard that takes a hash key.
    pub(super) fn route(&mut self, hash_key: u128) -> Option<&mut Route> {
        self.shards.iter_mut().find(|route| route.hash_keys.contains(&hash_key))
    }
}

impl Route {
    /// The sequence number of a record that arrives now: greater than all before it, whatever the clock says.
    pub(super) fn take(&mut self, now_ms: u64) -> String {
        let place = self.next;
        self.next += 1;
        sequence::stringify_sequence(&SeqObj {
            seq_ix: Some(place),
            seq_time: Some(now_ms.max(self.created_ms)),
            ..first(self.index, self.created_ms)
        })
    }
}

/// The beginning of a shard's sequence numbers.
pub(super) fn first(shard: i64, created_ms: u64) -> SeqObj {
    SeqObj {
        shard_create_time: created_ms,
        seq_ix: None,
        byte1: None,
        seq_time: None,
        seq_rand: None,
        shard_ix: shard,
        version: SEQUENCE_VERSION,
    }
}

/// The sequence number that a shard begins with.
pub(super) fn starting(shard: i64, created_ms: u64) -> String {
    sequence::stringify_sequence(&first(shard, created_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::kinesis::sample::{self, shard};
    use proptest::prelude::*;

    const HALF: u128 = u128::MAX / 2;

    /// A shard that was split in two.
    fn stream() -> Stream {
        let mut parent = shard(0, 0, u128::MAX);
        parent.sequence_number_range.ending_sequence_number = Some("0".into());
        sample::stream(vec![parent, shard(1, 0, HALF), shard(2, HALF + 1, u128::MAX)])
    }

    #[test]
    fn open_shards_share_all_hash_keys_out_among_them() {
        let mut routes = Routes::of(&stream(), &HashMap::new());
        let mut index = |hash_key| routes.route(hash_key).map(|route| route.index);
        assert_eq!(
            (index(0), index(HALF), index(HALF + 1), index(u128::MAX)),
            (Some(1), Some(1), Some(2), Some(2))
        );
    }

    proptest! {
        /// docs/aws-behaviour.md#kinesis-order: they grow, whatever the clock does, and continue after the tail of an
        /// earlier run.
        #[test]
        fn sequence_numbers_grow_over_clock_jumps_and_restarts(
            times in prop::collection::vec((0..4_000_000_000_000_u64, any::<bool>()), 1..40),
        ) {
            let stream = stream();
            let mut tails: HashMap<i64, Arc<str>> = HashMap::new();
            let mut routes = Routes::of(&stream, &tails);
            let mut last = stream.shards[1].sequence_number_range.starting_sequence_number.clone();
            for (now_ms, restarts) in times {
                if restarts {
                    routes = Routes::of(&stream, &tails);
                }
                let taken = routes.route(0).unwrap().take(now_ms);
                prop_assert_eq!(taken.len(), last.len());
                prop_assert!(taken > last);
                tails.insert(1, taken.as_str().into());
                last = taken;
            }
        }
    }
}
