//! Issue 16, C11: whatever a client sends, an error is the client's, and never an internal failure, which SDKs would
//! retry.

use super::encoding::Encoding;
use super::tests::{call, call_as, start};
use super::*;
use serde_json::{Value, json};

const SHARD: &str = "shardId-000000000000";

/// A valid request of every operation, on a stream `s` with a consumer.
// long: a table: one sound call of every operation
fn sound(streams: &Streams, consumer: &str, iterator: &str, number: &str) -> Vec<(&'static str, Value)> {
    let arn = streams.account.stream_arn("s");
    let policy = json!({"Statement": {
        "Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "kinesis:*", "Resource": arn,
    }});
    vec![
        ("AddTagsToStream", json!({"StreamName": "s", "Tags": {"a": "b"}})),
        ("CreateStream", json!({"StreamName": "t", "ShardCount": 1})),
        ("DecreaseStreamRetentionPeriod", json!({"StreamName": "s", "RetentionPeriodHours": 24})),
        ("DeleteResourcePolicy", json!({"ResourceARN": arn})),
        ("DeleteStream", json!({"StreamName": "s"})),
        ("DeregisterStreamConsumer", json!({"ConsumerARN": consumer})),
        ("DescribeAccountSettings", json!({})),
        ("DescribeLimits", json!({})),
        ("DescribeStream", json!({"StreamName": "s", "Limit": 1, "ExclusiveStartShardId": SHARD})),
        ("DescribeStreamConsumer", json!({"ConsumerARN": consumer})),
        ("DescribeStreamSummary", json!({"StreamName": "s"})),
        ("DisableEnhancedMonitoring", json!({"StreamName": "s", "ShardLevelMetrics": ["ALL"]})),
        ("EnableEnhancedMonitoring", json!({"StreamName": "s", "ShardLevelMetrics": ["ALL"]})),
        ("GetRecords", json!({"ShardIterator": iterator, "Limit": 1})),
        ("GetResourcePolicy", json!({"ResourceARN": arn})),
        (
            "GetShardIterator",
            json!({"StreamName": "s", "ShardId": SHARD, "ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": number}),
        ),
        (
            "GetShardIterator",
            json!({"StreamName": "s", "ShardId": SHARD, "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": 1.5}),
        ),
        ("GetShardIterator", json!({"StreamName": "s", "ShardId": SHARD, "ShardIteratorType": "LATEST"})),
        ("IncreaseStreamRetentionPeriod", json!({"StreamName": "s", "RetentionPeriodHours": 48})),
        ("ListShards", json!({"StreamName": "s", "MaxResults": 1, "ExclusiveStartShardId": SHARD})),
        ("ListStreamConsumers", json!({"StreamARN": arn, "MaxResults": 1})),
        ("ListStreams", json!({"Limit": 1, "ExclusiveStartStreamName": "a"})),
        ("ListTagsForResource", json!({"ResourceARN": arn})),
        ("ListTagsForStream", json!({"StreamName": "s", "Limit": 1, "ExclusiveStartTagKey": "a"})),
        (
            "MergeShards",
            json!({"StreamName": "s", "ShardToMerge": SHARD, "AdjacentShardToMerge": "shardId-000000000001"}),
        ),
        (
            "PutRecord",
            json!({"StreamName": "s", "Data": "AAAA", "PartitionKey": "k", "ExplicitHashKey": "0", "SequenceNumberForOrdering": number}),
        ),
        ("PutRecords", json!({"StreamName": "s", "Records": [{"Data": "AAAA", "PartitionKey": "k"}]})),
        ("PutResourcePolicy", json!({"ResourceARN": arn, "Policy": policy.to_string()})),
        ("RegisterStreamConsumer", json!({"StreamARN": arn, "ConsumerName": "d"})),
        ("RemoveTagsFromStream", json!({"StreamName": "s", "TagKeys": ["a"]})),
        ("SplitShard", json!({"StreamName": "s", "ShardToSplit": SHARD, "NewStartingHashKey": "9"})),
        (
            "StartStreamEncryption",
            json!({"StreamName": "s", "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}),
        ),
        (
            "StopStreamEncryption",
            json!({"StreamName": "s", "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}),
        ),
        ("TagResource", json!({"ResourceARN": arn, "Tags": {"a": "b"}})),
        ("UntagResource", json!({"ResourceARN": arn, "TagKeys": ["a"]})),
        ("UpdateAccountSettings", json!({"MinimumThroughputBillingCommitment": {"Status": "DISABLED"}})),
        ("UpdateMaxRecordSize", json!({"StreamARN": arn, "MaxRecordSizeInKiB": 1_024})),
        (
            "UpdateShardCount",
            json!({"StreamName": "s", "TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"}),
        ),
        ("UpdateStreamMode", json!({"StreamARN": arn, "StreamModeDetails": {"StreamMode": "ON_DEMAND"}})),
        ("UpdateStreamWarmThroughput", json!({"StreamARN": arn, "WarmThroughputMiBps": 1})),
    ]
}

/// Replacements for a member.
fn hostile() -> Vec<Value> {
    let mut values = vec![
        json!(null),
        json!(""),
        json!(-1),
        json!(u64::MAX),
        json!(1e300),
        json!([]),
        json!({}),
        json!("shardId-000000000099"),
        json!("0"),
        json!("9".repeat(129)),
        json!("49590338271490256608559692538361571095921575989136588898"),
        json!("a".repeat(5_000)),
        json!("\u{0}\u{1F600}"),
        json!("arn:aws:kinesis:us-east-1:000000000000:stream/nobody"),
        json!("arn:aws:kinesis:::stream/"),
        json!("AT_TIMESTAMP"),
    ];
    values.push(json!([{"Data": "AAAA"}, {"PartitionKey": ""}, {"Data": "?", "PartitionKey": "k"}]));
    values
}

/// Members that operations do not accept together, or that contradict a valid request.
const STRANGERS: [&str; 5] = ["StreamARN", "StartingSequenceNumber", "Timestamp", "NextToken", "ShardFilter"];

/// Streams with everything that valid requests refer to.
async fn prepared() -> (Streams, Vec<(&'static str, Value)>) {
    let streams = start(WriteLimits::Lifted, None).await;
    call(&streams, "CreateStream", &json!({"StreamName": "s", "ShardCount": 2})).await;
    let arn = streams.account.stream_arn("s");
    let register = json!({"StreamARN": arn, "ConsumerName": "c"});
    let consumer =
        call(&streams, "RegisterStreamConsumer", &register).await["Consumer"]["ConsumerARN"].take();
    let put = json!({"StreamName": "s", "Data": "AAAA", "PartitionKey": "k", "ExplicitHashKey": "0"});
    let number = call(&streams, "PutRecord", &put).await["SequenceNumber"].take();
    let iterator = json!({"StreamName": "s", "ShardId": SHARD, "ShardIteratorType": "TRIM_HORIZON"});
    let iterator = call(&streams, "GetShardIterator", &iterator).await["ShardIterator"].take();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let sound = sound(&streams, &text(&consumer), &text(&iterator), &text(&number));
    (streams, sound)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_mistake_is_never_an_internal_failure() {
    let mut failures = Vec::new();
    let mut calls = 0;
    let operations = prepared().await.1.len();
    for index in 0..operations {
        // Each begins with new streams: earlier ones have deleted what it refers to.
        let (streams, sound) = prepared().await;
        let (operation, request) = &sound[index];
        let own = request.as_object().unwrap().keys().map(String::as_str);
        let mut members: Vec<_> = own.chain(STRANGERS).collect();
        members.dedup();
        let mut requests = vec![json!({}), json!([]), json!("text"), json!(null)];
        for member in members {
            let mut without = request.clone();
            without.as_object_mut().unwrap().remove(member);
            requests.push(without);
            requests.extend(hostile().into_iter().map(|value| {
                let mut with = request.clone();
                with[member] = value;
                with
            }));
        }
        for request in requests {
            // The other encoding gets the same checks.
            let in_cbor = Some(Encoding::Cbor).filter(|_| operation.starts_with("GetShard"));
            for encoding in std::iter::once(Encoding::Json).chain(in_cbor) {
                calls += 1;
                let answer = call_as(&streams, encoding, operation, &request).await;
                if answer.is_err_and(|code| code.contains("Internal")) {
                    failures.push(format!("{operation} {request:.200}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} of {calls}:\n{}", failures.len(), failures.join("\n"));
}

#[tokio::test]
async fn an_iterator_that_lacks_or_contradicts_its_type_is_an_invalid_argument() {
    let (streams, _) = prepared().await;
    let number = "49590338271490256608559692538361571095921575989136588898";
    for (kind, more) in [
        ("AT_TIMESTAMP", json!({})),
        ("AT_TIMESTAMP", json!({"StartingSequenceNumber": number})),
        ("AT_TIMESTAMP", json!({"StartingSequenceNumber": "0", "Timestamp": 1.5})),
        ("AT_TIMESTAMP", json!({"Timestamp": 9e15})),
        ("AT_SEQUENCE_NUMBER", json!({})),
        ("AT_SEQUENCE_NUMBER", json!({"StartingSequenceNumber": "0"})),
        ("AFTER_SEQUENCE_NUMBER", json!({"StartingSequenceNumber": "1"})),
        ("LATEST", json!({"StartingSequenceNumber": number})),
        ("TRIM_HORIZON", json!({"StartingSequenceNumber": number})),
    ] {
        let mut request = json!({"StreamName": "s", "ShardId": SHARD, "ShardIteratorType": kind});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let refused = call_as(&streams, Encoding::Json, "GetShardIterator", &request).await.unwrap_err();
        assert_eq!(refused, "InvalidArgumentException", "{request}");
    }
}
