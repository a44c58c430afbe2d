//! Shards and streams for the tests of what is decided by them.

use super::routes::starting;
use super::store::types::{
    EpochSeconds, HashKeyRange, SequenceNumberRange, Shard, Stream, StreamBuilder, StreamStatus, sequence,
};

pub(super) const CREATED_MS: u64 = 1_708_327_306_000;

/// An open shard of a range of hash keys, without parents.
pub(super) fn shard(index: i64, from: u128, to: u128) -> Shard {
    Shard {
        shard_id: sequence::shard_id_name(index),
        hash_key_range: HashKeyRange::new(from.to_string(), to.to_string()),
        sequence_number_range: SequenceNumberRange {
            starting_sequence_number: starting(index, CREATED_MS),
            ending_sequence_number: None,
        },
        parent_shard_id: None,
        adjacent_parent_shard_id: None,
    }
}

/// An active stream of these shards.
pub(super) fn stream(shards: Vec<Shard>) -> Stream {
    let created = EpochSeconds(CREATED_MS as f64 / 1_000.0);
    StreamBuilder::new("s".into(), "arn".into(), StreamStatus::Active, created, shards).build()
}
