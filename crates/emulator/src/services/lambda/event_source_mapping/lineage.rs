//! Which of a stream's shards a mapping may read: parents before children. Pure.

use super::poller::End;
use crate::services::kinesis::ShardInfo;
use std::collections::HashSet;

/// The shards that are being read, and those that are finished.
#[derive(Debug, Default)]
pub struct Lineage {
    running: HashSet<i64>,
    drained: HashSet<i64>,
}

impl Lineage {
    /// The shards to start now, of all those of the stream. From here on they count as running.
    pub fn start(&mut self, shards: Vec<ShardInfo>) -> Vec<ShardInfo> {
        let known: HashSet<_> = shards.iter().map(|shard| shard.index).collect();
        let ready = |shard: &ShardInfo| {
            // A parent that the stream has forgotten cannot be read.
            let waits =
                shard.parents.iter().any(|parent| known.contains(parent) && !self.drained.contains(parent));
            !waits && !self.drained.contains(&shard.index) && !self.running.contains(&shard.index)
        };
        let ready: Vec<_> = shards.iter().filter(|shard| ready(shard)).cloned().collect();
        self.running.extend(ready.iter().map(|shard| shard.index));
        ready
    }

    pub fn ended(&mut self, index: i64, end: End) {
        self.running.remove(&index);
        if end == End::Drained {
            self.drained.insert(index);
        }
    }

    /// The stream is gone; one of the same name starts anew.
    pub fn forget(&mut self) {
        self.drained.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(index: i64, parents: &[i64]) -> ShardInfo {
        ShardInfo {
            index,
            id: format!("shardId-{index:012}"),
            starts: "0".into(),
            closed: false,
            parents: parents.to_vec(),
        }
    }

    fn started(lineage: &mut Lineage, shards: &[ShardInfo]) -> Vec<i64> {
        lineage.start(shards.to_vec()).iter().map(|shard| shard.index).collect()
    }

    #[test]
    fn children_wait_until_every_parent_is_drained() {
        // 0 and 1 merged into 2, which was split into 3 and 4.
        let shards = [shard(0, &[]), shard(1, &[]), shard(2, &[0, 1]), shard(3, &[2]), shard(4, &[2])];
        let mut lineage = Lineage::default();
        assert_eq!(started(&mut lineage, &shards), [0, 1]);
        assert_eq!(started(&mut lineage, &shards), [0; 0], "they run already");
        lineage.ended(0, End::Drained);
        assert_eq!(started(&mut lineage, &shards), [0; 0], "one parent is not enough");
        lineage.ended(1, End::Drained);
        assert_eq!(started(&mut lineage, &shards), [2]);
        lineage.ended(2, End::Stopped);
        assert_eq!(started(&mut lineage, &shards), [2], "it was not through");
        lineage.ended(2, End::Drained);
        assert_eq!(started(&mut lineage, &shards), [3, 4]);
    }

    #[test]
    fn a_parent_that_the_stream_has_forgotten_is_not_waited_for() {
        assert_eq!(started(&mut Lineage::default(), &[shard(2, &[0, 1])]), [2]);
    }
}
