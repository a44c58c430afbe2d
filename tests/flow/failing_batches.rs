//! What a handler that simply raises does to its shard, and to no other.

use serde_json::{Value, json};
use sluicegate_tests::api::{empty_plane, role};
use sluicegate_tests::source::Source;
use sluicegate_tests::{control, eventually, functions};

const ROLE: &str = "arn:aws:iam::000000000000:role/raises";
/// Retries of a batch: it is handed over once more than that.
const RETRIES: usize = 2;

/// Facts E3: the whole batch fails, and what lies behind it in its shard waits until it is given up. Records of
/// another shard do not wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_raises_stops_its_shard_until_its_retries_end() {
    let plane = empty_plane().await;
    role(&plane, ROLE, "lambda.amazonaws.com", &["kinesis:*", "logs:*"]).await;
    functions::scripted(&plane, "raises", ROLE, json!({"FAILURE": "no database"})).await;
    let source = Source::create(&plane, "two-shards", 2).await;
    let shard = source.put("k", "1").await;
    for data in ["2", "behind"] {
        assert_eq!(source.put("k", data).await, shard, "one key lies in one shard");
    }
    let mut other = 0_usize;
    while source.put(&format!("key {other}"), "elsewhere").await == shard {
        other += 1;
    }
    // What the search for the other shard's key left in this one lies behind, too.
    let behind = other + 1;
    let settings =
        json!({"BatchSize": 2, "MaximumRetryAttempts": RETRIES, "BisectBatchOnFunctionError": false});
    source.map("raises", settings).await;

    let batches = || async {
        let group = json!({"logGroupName": "/aws/lambda/raises"});
        let events = control::json(&plane, "Logs_20140328.FilterLogEvents", &group).await;
        let events = events["events"].as_array().cloned().unwrap_or_default();
        events.iter().filter_map(batch).collect::<Vec<_>>()
    };
    let attempts = RETRIES + 1;
    let of_shard = attempts * (1 + behind.div_ceil(2));
    eventually("every batch is given up", || async { batches().await.len() == of_shard + attempts }).await;
    let batches = batches().await;
    let (here, there): (Vec<_>, Vec<_>) = batches.iter().partition(|batch| batch.shard == shard);
    let first = vec!["1".to_owned(), "2".into()];
    assert!(here[..attempts].iter().all(|batch| batch.data == first), "{batches:?}");
    assert!(here[attempts..].iter().all(|batch| batch.data != first), "{batches:?}");
    assert_eq!(here[attempts].data[0], "behind");
    assert!(there.iter().all(|batch| batch.data == ["elsewhere"]), "{batches:?}");
    let place = |of: &Batch| batches.iter().position(|batch| std::ptr::eq(batch, of));
    assert!(place(there[0]) < place(here[attempts]), "the other shard waited: {batches:?}");
}

/// What was handed over at once.
#[derive(Debug)]
struct Batch {
    shard: String,
    data: Vec<String>,
}

/// A batch, from the line that the function logs of it.
fn batch(event: &Value) -> Option<Batch> {
    use base64::Engine as _;
    let event = event["message"].as_str()?.strip_prefix("EVENT ")?;
    let event: Value = serde_json::from_str(event.trim()).expect("the event is JSON");
    let records = event["Records"].as_array().expect("a batch has records");
    let shard = records[0]["eventID"].as_str().and_then(|id| id.split(':').next()).expect("a shard");
    let text = |record: &Value| {
        let data = record["kinesis"]["data"].as_str().expect("a record has data");
        let data = base64::engine::general_purpose::STANDARD.decode(data).expect("base64");
        String::from_utf8(data).expect("UTF-8")
    };
    Some(Batch { shard: shard.to_owned(), data: records.iter().map(text).collect() })
}
