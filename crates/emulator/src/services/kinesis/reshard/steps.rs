//! Splits and merges: which of them change a stream's number of shards, and how each changes the shards. Pure.

use crate::services::kinesis::routes::{first, starting};
use crate::services::kinesis::store::types::{
    HashKeyRange, SeqObj, SequenceNumberRange, Shard, sequence, shard_index,
};
use std::ops::RangeInclusive;

/// How much younger than its parents a shard is, at least: sequence numbers begin with that time in seconds, and a
/// partition key's must grow from parent to child.
const GENERATION_MS: u64 = 1_000;

/// One change of a stream's shards, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// One shard becomes two; the second begins at a hash key.
    Split {
        shard: i64,
        /// The first hash key of the second.
        at: u128,
    },
    /// Two neighbours become one.
    Merge { lower: i64, upper: i64 },
}

/// The steps to open shards that begin at `starts`, which are sorted and begin with the lowest hash key. `next` is the
/// index of the stream's next shard.
///
/// Each shard is split where a new one begins, and then shards that belong together are merged: as on AWS, there are
/// intermediate shards, and each new one has parents.
pub(crate) fn steps_to(
    mut open: Vec<(i64, RangeInclusive<u128>)>,
    mut next: i64,
    starts: &[u128],
) -> Vec<Step> {
    open.sort_by_key(|(_, keys)| *keys.start());
    let (mut steps, mut pieces) = (Vec::new(), Vec::new());
    for (mut shard, keys) in open {
        let mut from = *keys.start();
        for at in starts.iter().copied().filter(|at| at > keys.start() && at <= keys.end()) {
            steps.push(Step::Split { shard, at });
            pieces.push((next, from));
            (shard, from) = (next + 1, at);
            next += 2;
        }
        pieces.push((shard, from));
    }
    let mut lower = None;
    for (upper, from) in pieces {
        lower = match lower {
            Some(lower) if starts.binary_search(&from).is_err() => {
                steps.push(Step::Merge { lower, upper });
                next += 1;
                Some(next - 1)
            }
            _ => Some(upper),
        };
    }
    steps
}

/// The starts of so many shards of equal size.
pub(super) fn uniform_starts(count: u32) -> Vec<u128> {
    let count = u128::from(count.max(1));
    // 2^128 divided by the count. For a single shard that does not fit, but its only start is 0 anyway.
    let width = ((u128::MAX - (count - 1)) / count).wrapping_add(1);
    (0..count).map(|index| index.wrapping_mul(width)).collect()
}

/// Makes one step: parents are closed, and their children added behind all shards.
pub(in crate::services::kinesis) fn apply(shards: &mut Vec<Shard>, step: Step, now_ms: u64) {
    let keys = |shards: &[Shard], index: i64| {
        let keys = &shards[index as usize].hash_key_range;
        (keys.start_u128(), keys.end_u128())
    };
    match step {
        Step::Split { shard, at } => {
            let (from, to) = keys(shards, shard);
            let made_ms = close(&mut shards[shard as usize], now_ms) + GENERATION_MS;
            for (from, to) in [(from, at - 1), (at, to)] {
                add(shards, &[shard], from..=to, made_ms.max(now_ms + GENERATION_MS));
            }
        }
        Step::Merge { lower, upper } => {
            let ((from, _), (_, to)) = (keys(shards, lower), keys(shards, upper));
            let made_ms = [lower, upper].map(|index| close(&mut shards[index as usize], now_ms));
            let made_ms = made_ms[0].max(made_ms[1]).max(now_ms) + GENERATION_MS;
            add(shards, &[lower, upper], from..=to, made_ms);
        }
    }
}

/// Closes a shard. Returns its creation time, in milliseconds since the epoch.
fn close(shard: &mut Shard, now_ms: u64) -> u64 {
    let range = &mut shard.sequence_number_range;
    let starts = sequence::parse_sequence(&range.starting_sequence_number);
    let made_ms = starts.map_or(0, |starts| starts.shard_create_time);
    let ends = SeqObj {
        seq_ix: Some(sequence::MAX_SEQ_IX),
        seq_time: Some(now_ms.max(made_ms)),
        ..first(shard_index(&shard.shard_id), made_ms)
    };
    range.ending_sequence_number = Some(sequence::stringify_sequence(&ends));
    made_ms
}

fn add(shards: &mut Vec<Shard>, parents: &[i64], keys: RangeInclusive<u128>, made_ms: u64) {
    let index = shards.len() as i64;
    let parent = |at: usize| parents.get(at).map(|parent| sequence::shard_id_name(*parent));
    shards.push(Shard {
        shard_id: sequence::shard_id_name(index),
        parent_shard_id: parent(0),
        adjacent_parent_shard_id: parent(1),
        hash_key_range: HashKeyRange::new(keys.start().to_string(), keys.end().to_string()),
        sequence_number_range: SequenceNumberRange {
            starting_sequence_number: starting(index, made_ms),
            ending_sequence_number: None,
        },
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::kinesis::store::types::is_open;
    use proptest::prelude::*;

    const NOW_MS: u64 = 1_708_327_306_000;

    fn one_shard() -> Vec<Shard> {
        let mut shards = Vec::new();
        add(&mut shards, &[], 0..=u128::MAX, NOW_MS);
        shards
    }

    fn open(shards: &[Shard]) -> Vec<(i64, RangeInclusive<u128>)> {
        let keys = |shard: &Shard| shard.hash_key_range.start_u128()..=shard.hash_key_range.end_u128();
        let open = shards.iter().filter(|shard| is_open(shard));
        let mut open: Vec<_> = open.map(|shard| (shard_index(&shard.shard_id), keys(shard))).collect();
        open.sort_by_key(|(_, keys)| *keys.start());
        open
    }

    fn scale(shards: &mut Vec<Shard>, count: u32, now_ms: u64) -> usize {
        let before = shards.len();
        for step in steps_to(open(shards), before as i64, &uniform_starts(count)) {
            apply(shards, step, now_ms);
        }
        shards.len() - before
    }

    /// Observed on AWS by others: from four shards to three, two are split and three pairs merged; doubling splits
    /// each.
    #[test]
    fn shards_come_and_go_on_the_way_as_on_aws() {
        let mut shards = one_shard();
        assert_eq!(scale(&mut shards, 2, NOW_MS), 2);
        assert_eq!(scale(&mut shards, 4, NOW_MS), 4);
        assert_eq!(scale(&mut shards, 3, NOW_MS), 4 + 3);
        assert_eq!(scale(&mut shards, 3, NOW_MS), 0);
    }

    proptest! {
        /// docs/aws-behaviour.md#kinesis-order: whatever was split and merged before, and whatever the clock does, the
        /// open shards divide all hash keys evenly, each has parents that had its keys, and its sequence numbers come
        /// after theirs.
        #[test]
        fn new_shards_are_even_and_come_after_parents_that_held_their_keys(
            changes in prop::collection::vec((any::<u128>(), 1..12_u32, 0..4_000_u64), 1..12),
        ) {
            let mut shards = one_shard();
            for (at, count, later_ms) in changes {
                let before = shards.len();
                if let Some((shard, _)) = open(&shards).iter().find(|(_, keys)| *keys.start() < at && keys.contains(&at)) {
                    apply(&mut shards, Step::Split { shard: *shard, at }, NOW_MS + later_ms);
                }
                scale(&mut shards, count, NOW_MS + later_ms);
                let starts: Vec<_> = open(&shards).iter().map(|(_, keys)| *keys.start()).collect();
                prop_assert_eq!(starts, uniform_starts(count));
                let ends: Vec<_> = open(&shards).iter().map(|(_, keys)| keys.end().wrapping_add(1)).collect();
                prop_assert_eq!(&ends[..ends.len() - 1], &uniform_starts(count)[1..]);
                prop_assert_eq!(*ends.last().unwrap(), 0, "the last ends with the last hash key");
                for child in &shards[before..] {
                    let parents: Vec<_> = [&child.parent_shard_id, &child.adjacent_parent_shard_id]
                        .into_iter()
                        .flatten()
                        .map(|id| &shards[shard_index(id) as usize])
                        .collect();
                    let from = parents.first().map(|parent| parent.hash_key_range.start_u128());
                    let to = parents.last().map(|parent| parent.hash_key_range.end_u128());
                    prop_assert!(from <= Some(child.hash_key_range.start_u128()), "{child:?}");
                    prop_assert!(to >= Some(child.hash_key_range.end_u128()), "{child:?}");
                    for parent in parents {
                        let ended = parent.sequence_number_range.ending_sequence_number.as_ref();
                        let starts = &child.sequence_number_range.starting_sequence_number;
                        let is_before = ended.is_some_and(|ended| (ended.len(), ended) < (starts.len(), starts));
                        prop_assert!(is_before, "{child:?} begins before the end of {parent:?}");
                    }
                }
            }
        }
    }
}
