//! SplitShard, MergeShards and UpdateShardCount as their callers see them.

use crate::services::kinesis::encoding::Encoding;
use crate::services::kinesis::tests::{call, call_as, start};
use crate::services::kinesis::{Streams, WriteLimits};
use serde_json::{Value, json};

async fn create(streams: &Streams, shards: u32) {
    call(streams, "CreateStream", &json!({"StreamName": "s", "ShardCount": shards})).await;
}

/// A change of the stream; returns its answer, or the refusal's code.
async fn change(streams: &Streams, operation: &str, mut request: Value) -> Result<Value, String> {
    request["StreamName"] = "s".into();
    call_as(streams, Encoding::Cbor, operation, &request).await
}

async fn scale(streams: &Streams, count: u32) -> Result<Value, String> {
    change(streams, "UpdateShardCount", json!({"TargetShardCount": count, "ScalingType": "UNIFORM_SCALING"}))
        .await
}

async fn shards(streams: &Streams) -> Vec<Value> {
    let listed = call(streams, "ListShards", &json!({"StreamName": "s"})).await;
    listed["Shards"].as_array().expect("shards").clone()
}

/// Where the open shards begin.
fn open(shards: &[Value]) -> Vec<u128> {
    let open = shards.iter().filter(|shard| shard["SequenceNumberRange"]["EndingSequenceNumber"].is_null());
    let start = |shard: &Value| shard["HashKeyRange"]["StartingHashKey"].as_str()?.parse().ok();
    let mut starts: Vec<u128> = open.filter_map(start).collect();
    starts.sort_unstable();
    starts
}

/// docs/aws-behaviour.md#kinesis-order: the new shards are even, each has a parent, and a restart restores them.
#[tokio::test]
async fn a_changed_shard_count_splits_and_merges_and_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let streams = start(WriteLimits::Enforced, Some(folder.path())).await;
    create(&streams, 2).await;
    let answer = scale(&streams, 3).await.unwrap();
    assert_eq!((&answer["CurrentShardCount"], &answer["TargetShardCount"]), (&json!(2), &json!(3)));
    assert_eq!(
        (&answer["StreamName"], &answer["StreamARN"]),
        (&json!("s"), &json!(streams.account.stream_arn("s")))
    );
    let after = shards(&streams).await;
    let third = u128::MAX / 3;
    assert_eq!(open(&after), [0, third, 2 * third]);
    let is_child = |shard: &Value| shard["ParentShardId"].is_string();
    assert!(after[2..].iter().all(is_child) && !after[..2].iter().any(is_child), "{after:#?}");
    let put = json!({"StreamName": "s", "Data": "AAAA", "PartitionKey": "k"});
    let placed = call(&streams, "PutRecord", &put).await;
    streams.shutdown();
    streams.storage.as_ref().unwrap().close();

    let streams = start(WriteLimits::Enforced, Some(folder.path())).await;
    assert_eq!(shards(&streams).await, after);
    assert_eq!(call(&streams, "PutRecord", &put).await["ShardId"], placed["ShardId"]);
    let by_arn = json!({
        "StreamARN": streams.account.stream_arn("s"), "TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING",
    });
    call(&streams, "UpdateShardCount", &by_arn).await;
    assert_eq!(open(&shards(&streams).await), [0, 1 << 127]);
}

/// docs/aws-behaviour.md#kinesis-limits: at most double and at least half; and what others observed on AWS.
#[tokio::test]
async fn what_aws_refuses_of_a_change_is_refused() {
    let streams = start(WriteLimits::Enforced, None).await;
    create(&streams, 5).await;
    for (count, code) in [
        (11, Some("LimitExceededException")),
        (2, Some("LimitExceededException")),
        (5, Some("InvalidArgumentException")),
        (0, Some("ValidationException")),
        (10, None),
        (5, None),
        (3, None),
    ] {
        let refused = scale(&streams, count).await.err();
        assert_eq!(refused.as_deref(), code, "{count}");
    }
    let before = shards(&streams).await;
    let middle = (u128::MAX / 2).to_string();
    let split = |shard: &str, at: &str| json!({"ShardToSplit": shard, "NewStartingHashKey": at});
    let merge = |one: &str, other: &str| json!({"ShardToMerge": one, "AdjacentShardToMerge": other});
    let last = before.len() - 1;
    let id = |index: usize| before[index]["ShardId"].as_str().expect("an id");
    for (operation, request, code) in [
        ("SplitShard", split(id(0), "100"), "InvalidArgumentException"),
        ("SplitShard", split("shardId-000000009999", &middle), "ResourceNotFoundException"),
        ("SplitShard", split(id(last), "0"), "InvalidArgumentException"),
        ("MergeShards", merge(id(0), id(1)), "InvalidArgumentException"),
        ("MergeShards", merge(id(last), id(last)), "InvalidArgumentException"),
    ] {
        assert_eq!(
            change(&streams, operation, request.clone()).await,
            Err(code.into()),
            "{operation} {request}"
        );
    }
    assert_eq!(shards(&streams).await, before, "what is refused changes nothing");

    let on_demand = json!({"StreamName": "d", "StreamModeDetails": {"StreamMode": "ON_DEMAND"}});
    call(&streams, "CreateStream", &on_demand).await;
    let reported = call(&streams, "DescribeStreamSummary", &json!({"StreamName": "d"})).await;
    assert_eq!(reported["StreamDescriptionSummary"]["StreamModeDetails"]["StreamMode"], "ON_DEMAND");
    let scale = json!({"StreamName": "d", "TargetShardCount": 8, "ScalingType": "UNIFORM_SCALING"});
    let refused = call_as(&streams, Encoding::Json, "UpdateShardCount", &scale).await;
    assert_eq!(refused, Err("ValidationException".into()));
}
