//! Merging, over all ways in which shards can be read.

use super::Record;
use super::merge::Merge;
use proptest::prelude::*;

fn record(shard: &str, number: usize, arrival_ms: i64) -> Record {
    Record {
        shard: shard.into(),
        sequence_number: number.to_string(),
        arrival_ms,
        partition_key: "k".into(),
        data: Vec::new(),
    }
}

fn shown(records: &[Record]) -> Vec<(String, i64)> {
    records.iter().map(|record| (record.shard.clone(), record.arrival_ms)).collect()
}

#[test]
fn a_record_waits_for_the_other_shards_and_not_for_ever() {
    let mut merge = Merge::new(Some(1_000));
    merge.open("a");
    merge.open("b");
    merge.push("a", vec![record("a", 1, 50)], 60, 100);
    assert_eq!(merge.ready(100), []);
    assert_eq!(merge.next_due_ms(), Some(1_100));
    merge.push("b", vec![record("b", 1, 40)], 45, 200);
    assert_eq!(shown(&merge.ready(200)), [("b".into(), 40)]);
    assert_eq!(merge.ready(1_099), []);
    assert_eq!(shown(&merge.ready(1_100)), [("a".into(), 50)]);
    assert!(merge.is_empty());
}

#[test]
fn a_shard_that_reports_how_far_it_is_holds_nothing_back() {
    let mut merge = Merge::new(None);
    merge.open("a");
    merge.open("b");
    merge.push("a", vec![record("a", 1, 50)], 60, 0);
    merge.push("b", vec![], 49, 0);
    assert_eq!(merge.ready(i64::MAX - 1), []);
    merge.push("b", vec![], 50, 0);
    assert_eq!(shown(&merge.ready(0)), [("a".into(), 50)]);
}

#[test]
fn a_closed_shard_gives_what_it_has_and_is_not_waited_for() {
    let mut merge = Merge::new(None);
    merge.open("a");
    merge.open("b");
    merge.push("a", vec![record("a", 1, 10)], 10, 0);
    merge.push("b", vec![record("b", 1, 20)], 20, 0);
    merge.close("a");
    merge.close("b");
    assert_eq!(shown(&merge.ready(0)), [("a".into(), 10), ("b".into(), 20)]);
}

proptest! {
    /// Whatever is read when: every record comes out once, each shard's in its order; and all by their time of arrival,
    /// where nothing is let go early and each shard's own times do not go back.
    #[test]
    fn nothing_is_lost_or_swapped(
        arrivals in proptest::collection::vec(proptest::collection::vec(0_i64..100, 0..8), 1..4),
        order in proptest::collection::vec((0_usize..4, 1_usize..4), 0..40),
        is_sorted in any::<bool>(),
        hold_ms in proptest::option::of(0_i64..50),
    ) {
        let names: Vec<String> = (0..arrivals.len()).map(|shard| format!("shard-{shard}")).collect();
        let mut left: Vec<Vec<Record>> = arrivals.iter().enumerate().map(|(shard, arrivals)| {
            let mut arrivals = arrivals.clone();
            if is_sorted { arrivals.sort_unstable(); }
            arrivals.iter().enumerate().map(|(number, ms)| record(&names[shard], number, *ms)).collect()
        }).collect();
        let expected = left.clone();
        let mut merge = Merge::new(hold_ms);
        names.iter().for_each(|name| merge.open(name));
        let mut out = Vec::new();
        for (now_ms, (shard, count)) in (0_i64..).zip(order) {
            let shard = shard % names.len();
            let count = count.min(left[shard].len());
            let taken: Vec<_> = left[shard].drain(..count).collect();
            // A shard whose times go back cannot say how far it is.
            let complete_to_ms = if is_sorted { taken.last().map_or(0, |record| record.arrival_ms - 1) } else { 0 };
            merge.push(&names[shard], taken, complete_to_ms, now_ms);
            out.extend(merge.ready(now_ms));
        }
        for (name, rest) in names.iter().zip(left) {
            merge.push(name, rest, 0, 100);
            merge.close(name);
        }
        out.extend(merge.ready(100));
        prop_assert!(merge.is_empty());
        for (name, expected) in names.iter().zip(&expected) {
            let found: Vec<_> = out.iter().filter(|record| &record.shard == name).cloned().collect();
            prop_assert_eq!(&found, expected);
        }
        prop_assert_eq!(out.len(), expected.iter().map(Vec::len).sum::<usize>());
        if is_sorted && hold_ms.is_none() {
            prop_assert!(out.is_sorted_by_key(|record| record.arrival_ms));
        }
    }
}
