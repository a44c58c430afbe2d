//! A stream is resharded with AWS's SDK client while records flow through it to a real function's process.

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{ScalingType, Shard};
use serde_json::json;
use sluicegate_tests::api::{empty_emulator, role};
use sluicegate_tests::batches::batches;
use sluicegate_tests::source::Source;
use sluicegate_tests::{eventually, functions};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use tokio::task::JoinSet;

const ROLE: &str = "arn:aws:iam::000000000000:role/reads";
/// Partition keys, each with its own writer.
const KEYS: usize = 8;
/// Records that each writer puts at least between two changes.
const BETWEEN: usize = 5;

/// A change of a stream's shards.
#[derive(Debug, Clone, Copy)]
enum Change {
    Scale(i32),
    /// Splits the first shard in the middle.
    Split,
    /// Merges the first two shards.
    Merge,
}

/// docs/aws-behaviour.md#kinesis-order: every record is delivered, records of a key keep their order, and those of a shard
/// come after those of its parents.
// long: one sequence of steps, each of which needs the one before
#[tokio::test(flavor = "multi_thread")]
async fn resharding_loses_no_record_and_keeps_each_keys_order() {
    let emulator = empty_emulator().await;
    role(&emulator, ROLE, "lambda.amazonaws.com", &["kinesis:*", "logs:*"]).await;
    functions::scripted(&emulator, "reads", ROLE, json!({"ANSWER": "null"})).await;
    let source = Source::create(&emulator, "changing", 1).await;
    let consumer = source.consumer("reads").await;
    source.map("reads", json!({"EventSourceArn": consumer, "BatchSize": 3})).await;

    let is_over = Arc::new(AtomicBool::new(false));
    let put: Vec<Arc<AtomicUsize>> = (0..KEYS).map(|_| Arc::default()).collect();
    let mut writers = JoinSet::new();
    for (key, put) in put.iter().cloned().enumerate() {
        let (kinesis, is_over) = (source.kinesis.clone(), is_over.clone());
        writers.spawn(async move {
            while !is_over.load(Relaxed) {
                let data = Blob::new(put.load(Relaxed).to_string());
                let record = kinesis.put_record().stream_name("changing").partition_key(key.to_string());
                record.data(data).send().await.expect("a place");
                put.fetch_add(1, Relaxed);
            }
        });
    }
    use Change::{Merge, Scale, Split};
    for change in [Scale(2), Split, Scale(4), Merge, Scale(2), Scale(3), Merge, Split] {
        let before: Vec<_> = put.iter().map(|put| put.load(Relaxed)).collect();
        eventually("every key has more records", || async {
            put.iter().zip(&before).all(|(put, before)| put.load(Relaxed) >= before + BETWEEN)
        })
        .await;
        make(&source, change).await;
    }
    is_over.store(true, Relaxed);
    writers.join_all().await;

    let expected: usize = put.iter().map(|put| put.load(Relaxed)).sum();
    let handed_over = || async {
        let batches = batches(&emulator, "reads").await;
        let of_batch = |batch: sluicegate_tests::batches::Batch| {
            batch.records.into_iter().map(move |(key, n)| (batch.shard.clone(), key, n))
        };
        batches.into_iter().flat_map(of_batch).collect::<Vec<_>>()
    };
    eventually("every record is handed over", || async {
        let records = handed_over().await;
        records.iter().map(|(_, key, n)| (key, n)).collect::<BTreeSet<_>>().len() == expected
    })
    .await;

    let records = handed_over().await;
    let mut next = BTreeMap::<&str, usize>::new();
    let mut places = BTreeMap::<&str, Vec<usize>>::new();
    for (place, (shard, key, n)) in records.iter().enumerate() {
        let (n, next) = (n.parse::<usize>().expect("a number"), next.entry(key).or_default());
        // A record can come twice, but not before an earlier one.
        assert!(n <= *next, "{n} of key {key} overtakes {next}");
        *next = (*next).max(n + 1);
        places.entry(shard).or_default().push(place);
    }
    for shard in source.shards().await {
        let parents = shard.parent_shard_id.iter().chain(&shard.adjacent_parent_shard_id);
        for parent in parents {
            let (parents, children) = (places.get(parent.as_str()), places.get(shard.shard_id.as_str()));
            if let (Some(parents), Some(children)) = (parents, children) {
                assert!(
                    parents.last() < children.first(),
                    "{} begins before its parent's end",
                    shard.shard_id
                );
            }
        }
    }
}

/// Makes a change of the shards.
async fn make(source: &Source<'_>, change: Change) {
    let shards = source.shards().await;
    let mut open: Vec<&Shard> = shards.iter().filter(|shard| is_open(shard)).collect();
    open.sort_by_key(|shard| keys(shard).0);
    let kinesis = &source.kinesis;
    match change {
        Change::Scale(count) => {
            let update = kinesis.update_shard_count().stream_name(source.name).target_shard_count(count);
            update.scaling_type(ScalingType::UniformScaling).send().await.map(drop).expect("another count");
        }
        Change::Split => {
            let (from, to) = keys(open[0]);
            let split = kinesis.split_shard().stream_name(source.name).shard_to_split(&open[0].shard_id);
            split
                .new_starting_hash_key((from + (to - from) / 2).to_string())
                .send()
                .await
                .expect("two shards");
        }
        Change::Merge => {
            let merge = kinesis.merge_shards().stream_name(source.name).shard_to_merge(&open[0].shard_id);
            merge.adjacent_shard_to_merge(&open[1].shard_id).send().await.expect("one shard");
        }
    }
}

fn is_open(shard: &Shard) -> bool {
    shard.sequence_number_range.as_ref().is_some_and(|range| range.ending_sequence_number.is_none())
}

fn keys(shard: &Shard) -> (u128, u128) {
    let range = shard.hash_key_range.as_ref().expect("a range");
    let number = |text: &str| text.parse().expect("a number");
    (number(&range.starting_hash_key), number(&range.ending_hash_key))
}
