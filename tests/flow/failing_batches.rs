//! A handler that raises an error stops its shard and no other.

use serde_json::json;
use sluicegate_tests::api::{empty_emulator, role};
use sluicegate_tests::batches::{Batch, batches};
use sluicegate_tests::source::Source;
use sluicegate_tests::{eventually, functions};

const ROLE: &str = "arn:aws:iam::000000000000:role/raises";
/// Retries of a batch, after its first delivery.
const RETRIES: usize = 2;

/// docs/aws-behaviour.md#lambda-batches: the whole batch fails, and the records after it in its shard wait until it is
/// given up. Records of another shard do not wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_raises_stops_its_shard_until_its_retries_end() {
    let emulator = empty_emulator().await;
    role(&emulator, ROLE, "lambda.amazonaws.com", &["kinesis:*", "logs:*"]).await;
    functions::scripted(&emulator, "raises", ROLE, json!({"FAILURE": "no database"})).await;
    let source = Source::create(&emulator, "two-shards", 2).await;
    let shard = source.put("k", "1").await;
    for data in ["2", "behind"] {
        assert_eq!(source.put("k", data).await, shard, "one key lies in one shard");
    }
    let mut other = 0_usize;
    while source.put(&format!("key {other}"), "elsewhere").await == shard {
        other += 1;
    }
    // Records that the search for a key of the other shard has put into this shard come later too.
    let following = other + 1;
    let settings =
        json!({"BatchSize": 2, "MaximumRetryAttempts": RETRIES, "BisectBatchOnFunctionError": false});
    source.map("raises", settings).await;

    let attempts = RETRIES + 1;
    let of_shard = attempts * (1 + following.div_ceil(2));
    eventually("every batch is given up", || async {
        batches(&emulator, "raises").await.len() == of_shard + attempts
    })
    .await;
    let batches = batches(&emulator, "raises").await;
    let (here, there): (Vec<_>, Vec<_>) = batches.iter().partition(|batch| batch.shard == shard);
    let first = ["1", "2"];
    assert!(here[..attempts].iter().all(|batch| batch.data() == first), "{batches:?}");
    assert!(here[attempts..].iter().all(|batch| batch.data() != first), "{batches:?}");
    assert_eq!(here[attempts].data()[0], "behind");
    assert!(there.iter().all(|batch| batch.data() == ["elsewhere"]), "{batches:?}");
    let place = |of: &Batch| batches.iter().position(|batch| std::ptr::eq(batch, of));
    assert!(place(there[0]) < place(here[attempts]), "the other shard waited: {batches:?}");
}
