//! Which shards are read, when shards split and merge: a shard's children once all their parents are read. Pure.

use super::Child;
use std::collections::BTreeSet;

#[derive(Debug, Default)]
pub struct Lineage {
    /// Those that are read now.
    reading: BTreeSet<String>,
    /// Those that are read or were.
    opened: BTreeSet<String>,
}

impl Lineage {
    /// A shard that is read from now on.
    pub fn open(&mut self, shard: &str) {
        self.reading.insert(shard.to_owned());
        self.opened.insert(shard.to_owned());
    }

    /// A shard that is read to its end. Returns the shards to read next: a child of two parents, one of which is still
    /// read, follows that one. So the records of a partition key keep their order.
    pub fn end(&mut self, shard: &str, children: Vec<Child>) -> Vec<String> {
        self.reading.remove(shard);
        let is_next = |child: &Child| {
            !self.opened.contains(&child.shard)
                && !child.parents.iter().any(|parent| self.reading.contains(parent))
        };
        let next: Vec<_> = children.into_iter().filter(is_next).map(|child| child.shard).collect();
        next.iter().for_each(|shard| self.open(shard));
        next
    }

    /// Whether no shard is read any more.
    pub fn is_over(&self) -> bool {
        self.reading.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(shard: &str, parents: &[&str]) -> Child {
        Child { shard: shard.into(), parents: parents.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn both_halves_of_a_split_follow_their_parent() {
        let mut lineage = Lineage::default();
        lineage.open("0");
        let halves = vec![child("1", &["0"]), child("2", &["0"])];
        assert_eq!(lineage.end("0", halves), ["1", "2"]);
        assert!(!lineage.is_over());
        assert!(lineage.end("1", vec![]).is_empty() && lineage.end("2", vec![]).is_empty());
        assert!(lineage.is_over());
    }

    #[test]
    fn a_merged_shard_follows_the_later_of_its_parents() {
        let mut lineage = Lineage::default();
        lineage.open("0");
        lineage.open("1");
        let merged = vec![child("2", &["0", "1"])];
        assert!(lineage.end("0", merged.clone()).is_empty());
        assert_eq!(lineage.end("1", merged), ["2"]);
    }

    /// Its other parent ended before reading began.
    #[test]
    fn a_parent_that_was_never_read_is_not_waited_for() {
        let mut lineage = Lineage::default();
        lineage.open("1");
        assert_eq!(lineage.end("1", vec![child("2", &["0", "1"])]), ["2"]);
    }

    #[test]
    fn a_child_that_is_read_already_is_not_read_twice() {
        let mut lineage = Lineage::default();
        lineage.open("0");
        lineage.open("1");
        assert!(lineage.end("0", vec![child("1", &["0"])]).is_empty());
    }
}
