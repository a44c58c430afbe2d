//! What was recorded of AWS's own answers, operation by operation.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const SHARD: &str = "shardId-000000000000";

async fn refused(streams: &Streams, operation: &str, request: &Value) -> String {
    call_as(streams, Encoding::Json, operation, request).await.unwrap_err()
}

/// docs/aws-behaviour.md#kinesis-stream-arn.
#[tokio::test]
async fn every_operation_takes_a_streams_arn_in_place_of_its_name() {
    let streams = start(WriteLimits::Lifted, None).await;
    create(&streams).await;
    let number = call(&streams, "PutRecord", &record("AAAA")).await["SequenceNumber"].take();
    let half = (u128::MAX / 2).to_string();
    let next = [1, 2].map(|shard: i64| store::types::sequence::shard_id_name(shard));
    for (operation, mut request) in [
        ("AddTagsToStream", json!({"Tags": {"a": "b"}})),
        ("DescribeStream", json!({})),
        ("DescribeStreamSummary", json!({})),
        ("EnableEnhancedMonitoring", json!({"ShardLevelMetrics": ["ALL"]})),
        ("DisableEnhancedMonitoring", json!({"ShardLevelMetrics": ["ALL"]})),
        (
            "GetShardIterator",
            json!({"ShardId": SHARD, "ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": number}),
        ),
        ("IncreaseStreamRetentionPeriod", json!({"RetentionPeriodHours": 8_760})),
        ("DecreaseStreamRetentionPeriod", json!({"RetentionPeriodHours": 24})),
        ("ListShards", json!({})),
        ("ListTagsForStream", json!({})),
        ("PutRecord", json!({"Data": "AAAA", "PartitionKey": "k"})),
        ("PutRecords", json!({"Records": [{"Data": "AAAA", "PartitionKey": "k"}]})),
        ("RemoveTagsFromStream", json!({"TagKeys": ["a"]})),
        ("SplitShard", json!({"ShardToSplit": SHARD, "NewStartingHashKey": half})),
        ("MergeShards", json!({"ShardToMerge": next[0], "AdjacentShardToMerge": next[1]})),
        ("StartStreamEncryption", json!({"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"})),
        ("StopStreamEncryption", json!({"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"})),
        ("UpdateShardCount", json!({"TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"})),
        ("UpdateStreamWarmThroughput", json!({"WarmThroughputMiBps": 1})),
        ("DeleteStream", json!({})),
    ] {
        request["StreamARN"] = streams.account.stream_arn("s").into();
        let answer = call_as(&streams, Encoding::Cbor, operation, &request).await;
        assert!(answer.is_ok(), "{operation}: {answer:?}");
    }
    let gone = json!({"StreamARN": streams.account.stream_arn("s")});
    assert_eq!(refused(&streams, "DescribeStream", &gone).await, "ResourceNotFoundException");
}

/// docs/aws-behaviour.md#kinesis-on-demand-shards.
#[tokio::test]
async fn a_stream_without_a_shard_count_is_on_demand_with_four() {
    let streams = start(WriteLimits::Lifted, None).await;
    call(&streams, "CreateStream", &json!({"StreamName": "s"})).await;
    let described =
        call(&streams, "DescribeStream", &json!({"StreamName": "s"})).await["StreamDescription"].take();
    assert_eq!(described["Shards"].as_array().unwrap().len(), 4);
    assert_eq!(described["StreamModeDetails"], json!({"StreamMode": "ON_DEMAND"}));
    assert_eq!(call(&streams, "DescribeLimits", &json!({})).await["OnDemandStreamCount"], 1);
    let provisioned = json!({"StreamName": "t", "StreamModeDetails": {"StreamMode": "PROVISIONED"}});
    assert_eq!(refused(&streams, "CreateStream", &provisioned).await, "ValidationException");
}

/// docs/aws-behaviour.md#kinesis-max-record-size, within the rates of a shard.
#[tokio::test]
async fn a_larger_record_is_taken_once_its_stream_takes_it() {
    let streams = start(WriteLimits::Enforced, None).await;
    create(&streams).await;
    let large = record(&STANDARD.encode(vec![7; 3 * 1_024 * 1_024]));
    assert_eq!(refused(&streams, "PutRecord", &large).await, "ValidationException");
    let update = json!({"StreamARN": streams.account.stream_arn("s"), "MaxRecordSizeInKiB": 4_096});
    call(&streams, "UpdateMaxRecordSize", &update).await;
    let summary = call(&streams, "DescribeStreamSummary", &json!({"StreamName": "s"})).await;
    assert_eq!(summary["StreamDescriptionSummary"]["MaxRecordSizeInKiB"], 4_096);
    call(&streams, "PutRecord", &large).await;
    assert!(records(&streams).await[0]["Data"] == large["Data"], "the record reads back otherwise");
    let too_large = record(&STANDARD.encode(vec![7; 5 * 1_024 * 1_024]));
    assert_eq!(refused(&streams, "PutRecord", &too_large).await, "ValidationException");

    let create =
        json!({"StreamName": "t", "ShardCount": 1, "MaxRecordSizeInKiB": 2_048, "WarmThroughputMiBps": 2});
    call(&streams, "CreateStream", &create).await;
    let summary =
        call(&streams, "DescribeStreamSummary", &json!({"StreamName": "t"})).await["StreamDescriptionSummary"].take();
    assert_eq!(
        (&summary["MaxRecordSizeInKiB"], &summary["WarmThroughput"]["TargetMiBps"]),
        (&json!(2_048), &json!(2))
    );
    let wrong = json!({"StreamName": "u", "ShardCount": 1, "MaxRecordSizeInKiB": 1});
    assert_eq!(refused(&streams, "CreateStream", &wrong).await, "ValidationException");
}

/// docs/aws-behaviour.md#kinesis-resource-policies: and what a policy denies is denied, after a restart as well.
#[tokio::test]
async fn a_resources_policy_is_honoured_and_errors_where_there_is_nothing_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let streams = start(WriteLimits::Lifted, Some(folder.path())).await;
    create(&streams).await;
    let arn = streams.account.stream_arn("s");
    let own = json!({"ResourceARN": arn});
    assert_eq!(call(&streams, "GetResourcePolicy", &own).await["Policy"], "{}");
    assert_eq!(refused(&streams, "DeleteResourcePolicy", &own).await, "ResourceNotFoundException");
    let deny = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Deny", "Principal": "*", "Action": "kinesis:PutRecord", "Resource": arn,
    }});
    let put = |arn: &str, policy: &str| json!({"ResourceARN": arn, "Policy": policy});
    for absent in [streams.account.stream_arn("t"), arn.replace("000000000000", "111111111111")] {
        for operation in ["PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy"] {
            let code = refused(&streams, operation, &put(&absent, &deny.to_string())).await;
            assert_eq!(code, "ResourceNotFoundException", "{operation} {absent}");
        }
    }
    assert_eq!(refused(&streams, "PutResourcePolicy", &put(&arn, "{}")).await, "InvalidArgumentException");
    call(&streams, "PutResourcePolicy", &put(&arn, &deny.to_string())).await;
    assert_eq!(call(&streams, "GetResourcePolicy", &own).await["Policy"], deny.to_string());
    assert_eq!(refused(&streams, "PutRecord", &record("AAAA")).await, "AccessDeniedException");
    streams.shutdown();
    streams.storage.as_ref().unwrap().close();

    let streams = start(WriteLimits::Lifted, Some(folder.path())).await;
    assert_eq!(refused(&streams, "PutRecord", &record("AAAA")).await, "AccessDeniedException");
    call(&streams, "DeleteResourcePolicy", &own).await;
    call(&streams, "PutRecord", &record("AAAA")).await;
}

/// docs/aws-behaviour.md#kinesis-quoted-iterators.
#[tokio::test]
async fn an_iterator_may_stand_in_quotation_marks() {
    let streams = start(WriteLimits::Lifted, None).await;
    create(&streams).await;
    call(&streams, "PutRecord", &record("AAAA")).await;
    let mut request = iterator(&streams, "TRIM_HORIZON").await;
    request["ShardIterator"] = format!("\"{}\"", request["ShardIterator"].as_str().unwrap()).into();
    assert_eq!(call(&streams, "GetRecords", &request).await["Records"][0]["Data"], "AAAA");
    request["ShardIterator"] = "\"".into();
    assert_eq!(refused(&streams, "GetRecords", &request).await, "InvalidArgumentException");
}

/// docs/aws-behaviour.md#kinesis-cbor-timestamps, as Java's SDK sends and reads them.
#[tokio::test]
async fn javas_sdk_reads_whole_milliseconds_under_their_tag() {
    let streams = start(WriteLimits::Lifted, None).await;
    create(&streams).await;
    call(&streams, "PutRecord", &record("AAAA")).await;
    let at = json!({
        "StreamARN": streams.account.stream_arn("s"), "ShardId": SHARD, "ShardIteratorType": "AT_TIMESTAMP",
        "Timestamp": (clock::now_ms() - 60_000) as f64 / 1_000.0,
    });
    let iterator = call_as(&streams, Encoding::Cbor, "GetShardIterator", &at).await.unwrap();
    for (operation, request, member) in [
        ("GetRecords", iterator, &b"ApproximateArrivalTimestamp"[..]),
        ("DescribeStreamSummary", json!({"StreamName": "s"}), b"StreamCreationTimestamp"),
        ("ListStreams", json!({}), b"StreamCreationTimestamp"),
    ] {
        let body = bytes(&streams, operation, &request).await;
        let found =
            body.windows(member.len()).position(|window| window == member).expect("the member is there");
        assert_eq!(
            &body[found + member.len()..][..2],
            [0xc1, 0x1b],
            "{operation}: tag 1, and a 64-bit integer"
        );
    }
    let missing = json!({"StreamARN": streams.account.stream_arn("none")});
    let error = Encoding::Cbor.decode(&bytes(&streams, "DescribeStream", &missing).await);
    let message = "Stream none under account 000000000000 not found.";
    assert_eq!(error, json!({"__type": "ResourceNotFoundException", "message": message}));
}

/// What a call in CBOR is answered with, byte by byte.
async fn bytes(streams: &Streams, operation: &str, request: &Value) -> bytes::Bytes {
    let call = http::Request::post("/")
        .header("x-amz-target", format!("{TARGET_PREFIX}{operation}"))
        .header("content-type", Encoding::Cbor.content_type());
    let (parts, ()) = call.body(()).unwrap().into_parts();
    let response = streams.handle(parts, Encoding::Cbor.encode(request).into()).await;
    response.into_body().collect().await.unwrap().to_bytes()
}

/// The KPL's format: a magic number, a protocol buffer of several records, an MD5. It is the consumer's to take apart.
#[tokio::test]
async fn an_aggregated_record_passes_through_as_one() {
    use md5::{Digest as _, Md5};
    let streams = start(WriteLimits::Lifted, None).await;
    create(&streams).await;
    // Two user records, "one" and "two", of the partition key "k" (field 1 is the key table, 3 the records).
    let message = b"\x0a\x01k\x1a\x07\x08\x00\x1a\x03one\x1a\x07\x08\x00\x1a\x03two";
    let aggregated = [&b"\xf3\x89\x9a\xc2"[..], message, &Md5::digest(message)].concat();
    for encoding in [Encoding::Json, Encoding::Cbor] {
        let put = record(&STANDARD.encode(&aggregated));
        call_as(&streams, encoding, "PutRecord", &put).await.unwrap();
    }
    let found = records(&streams).await;
    let data = found.iter().map(|record| STANDARD.decode(record["Data"].as_str().unwrap()).unwrap());
    assert_eq!(data.collect::<Vec<_>>(), [aggregated.clone(), aggregated]);
}

/// What the library drops of a request is kept all the same.
#[tokio::test]
async fn consumers_have_tags_and_a_stream_with_consumers_stays() {
    let streams = start(WriteLimits::Lifted, None).await;
    create(&streams).await;
    let register =
        json!({"StreamARN": streams.account.stream_arn("s"), "ConsumerName": "c", "Tags": {"team": "a"}});
    let consumer = call(&streams, "RegisterStreamConsumer", &register).await["Consumer"].take();
    let tags = call(&streams, "ListTagsForResource", &json!({"ResourceARN": consumer["ConsumerARN"]})).await;
    assert_eq!(tags["Tags"], json!([{"Key": "team", "Value": "a"}]));
    let delete = json!({"StreamName": "s"});
    assert_eq!(refused(&streams, "DeleteStream", &delete).await, "ResourceInUseException");
    let tag = json!({"ResourceARN": streams.account.stream_arn("none"), "Tags": {"a": "b"}});
    assert_eq!(refused(&streams, "TagResource", &tag).await, "ResourceNotFoundException");
    call(&streams, "DeleteStream", &json!({"StreamName": "s", "EnforceConsumerDeletion": true})).await;
    create(&streams).await;
    let consumers = json!({"StreamARN": streams.account.stream_arn("s")});
    assert_eq!(call(&streams, "ListStreamConsumers", &consumers).await["Consumers"], json!([]));
    let resource = json!({"ResourceARN": consumer["ConsumerARN"]});
    assert_eq!(refused(&streams, "ListTagsForResource", &resource).await, "ResourceNotFoundException");
}
