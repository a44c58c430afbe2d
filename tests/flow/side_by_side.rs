//! Several mappings on one stream, by the stream's ARN and by the ARNs of its consumers.

use serde_json::json;
use sluicegate_tests::api::{empty_emulator, role};
use sluicegate_tests::batches::{Batch, batches};
use sluicegate_tests::source::Source;
use sluicegate_tests::{eventually, functions};
use std::collections::{BTreeMap, BTreeSet};

const ROLE: &str = "arn:aws:iam::000000000000:role/side-by-side";
const KEYS: [&str; 4] = ["a", "b", "c", "d"];
const EACH: usize = 5;

/// The records that a function received, by key and in order.
fn by_key(batches: &[Batch]) -> BTreeMap<String, Vec<usize>> {
    let mut by_key = BTreeMap::<_, Vec<_>>::new();
    for (key, n) in batches.iter().flat_map(|batch| batch.records.iter().cloned()) {
        by_key.entry(key).or_default().push(n.parse().expect("a number"));
    }
    by_key
}

/// Each mapping gets every record and keeps its own position, whatever happens to the others.
#[tokio::test(flavor = "multi_thread")]
async fn each_mapping_on_a_stream_gets_everything_and_waits_for_no_other() {
    let emulator = empty_emulator().await;
    role(&emulator, ROLE, "lambda.amazonaws.com", &["kinesis:*", "logs:*"]).await;
    for function in ["subscribes", "polls"] {
        functions::scripted(&emulator, function, ROLE, json!({"ANSWER": "null"})).await;
    }
    functions::scripted(&emulator, "fails", ROLE, json!({"FAILURE": "no database"})).await;
    let source = Source::create(&emulator, "shared", 2).await;
    let (consumer, failing) = (source.consumer("subscribes").await, source.consumer("fails").await);
    source.map("fails", json!({"EventSourceArn": failing, "BatchSize": 2})).await;
    source.map("subscribes", json!({"EventSourceArn": consumer, "BatchSize": 3})).await;
    let polls = source.map("polls", json!({"BatchSize": 100})).await;

    let put = async |numbers: std::ops::Range<usize>| {
        for (n, key) in numbers.flat_map(|n| KEYS.map(|key| (n, key))) {
            source.put(key, &n.to_string()).await;
        }
    };
    let has_all = async |function: &str, each: usize| {
        let expected: BTreeMap<_, Vec<_>> = KEYS.map(|key| (key.to_owned(), (0..each).collect())).into();
        eventually(&format!("{function} gets {each} of each key"), || async {
            by_key(&batches(&emulator, function).await) == expected
        })
        .await;
    };
    put(0..EACH).await;
    has_all("subscribes", EACH).await;
    has_all("polls", EACH).await;

    // A failing function gets the first record of each shard again and again, without delaying other mappings.
    eventually("one fails again and again", || async { batches(&emulator, "fails").await.len() >= 6 }).await;
    let failed = batches(&emulator, "fails").await;
    let different: BTreeSet<_> = failed.iter().map(|batch| (&batch.shard, &batch.records)).collect();
    let shards: BTreeSet<_> = failed.iter().map(|batch| &batch.shard).collect();
    assert!(failed.len() > different.len() && different.len() == shards.len(), "{failed:?}");

    // A mapping that was disabled misses no record and repeats none.
    source.change(&polls, json!({"Enabled": false})).await;
    source.mapping_is(&polls, "Disabled").await;
    put(EACH..2 * EACH).await;
    has_all("subscribes", 2 * EACH).await;
    has_all("polls", EACH).await;
    source.change(&polls, json!({"Enabled": true})).await;
    has_all("polls", 2 * EACH).await;

    for (function, arn) in [("subscribes", consumer), ("polls", source.arn()), ("fails", failing)] {
        let batches = batches(&emulator, function).await;
        assert!(batches.iter().all(|batch| batch.source_arn == arn), "{function}: {batches:?}");
    }
}
