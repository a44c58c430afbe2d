//! Streams in a data folder: what is restored, and what is deleted.

use super::*;

#[tokio::test]
async fn a_stream_comes_back_from_its_data_folder_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let streams = start(WriteLimits::Enforced, Some(folder.path())).await;
    create(&streams).await;
    let arn = streams.account.stream_arn("s");
    let consumer = json!({"StreamARN": arn, "ConsumerName": "c"});
    let consumer = call(&streams, "RegisterStreamConsumer", &consumer).await["Consumer"].clone();
    call(&streams, "IncreaseStreamRetentionPeriod", &json!({"StreamName": "s", "RetentionPeriodHours": 48}))
        .await;
    call(&streams, "PutRecord", &record("AAAA")).await;
    let split = json!({
        "StreamName": "s", "ShardToSplit": "shardId-000000000000", "NewStartingHashKey": (u128::MAX / 2).to_string(),
    });
    call(&streams, "SplitShard", &split).await;
    call(&streams, "PutRecord", &record("BBBB")).await;
    call(&streams, "CreateStream", &json!({"StreamName": "gone", "ShardCount": 1})).await;
    call(&streams, "PutRecord", &json!({"StreamName": "gone", "Data": "AAAA", "PartitionKey": "k"})).await;
    call(&streams, "DeleteStream", &json!({"StreamName": "gone"})).await;
    let describe = json!({"StreamName": "s"});
    let shards_before = call(&streams, "ListShards", &describe).await;
    let tails_before = streams.tails("s");
    let records_before = (
        records(&streams).await,
        read_after(&streams, 1, None, 9).await,
        read_after(&streams, 2, None, 9).await,
    );
    streams.shutdown();
    streams.storage.as_ref().unwrap().close();

    let streams = start(WriteLimits::Enforced, Some(folder.path())).await;
    let summary =
        call(&streams, "DescribeStreamSummary", &describe).await["StreamDescriptionSummary"].clone();
    assert_eq!((&summary["RetentionPeriodHours"], &summary["StreamStatus"]), (&json!(48), &json!("ACTIVE")));
    assert_eq!((&summary["ConsumerCount"], &summary["OpenShardCount"]), (&json!(1), &json!(2)));
    assert_eq!(call(&streams, "ListShards", &describe).await, shards_before);
    let tags = call(&streams, "ListTagsForStream", &describe).await;
    assert_eq!(tags["Tags"], json!([{"Key": "team", "Value": "a"}]));
    let described = json!({"ConsumerARN": consumer["ConsumerARN"]});
    let described = call(&streams, "DescribeStreamConsumer", &described).await["ConsumerDescription"].clone();
    assert_eq!(described["ConsumerCreationTimestamp"], consumer["ConsumerCreationTimestamp"]);
    assert_eq!(streams.tails("s"), tails_before);
    let records_after = (
        records(&streams).await,
        read_after(&streams, 1, None, 9).await,
        read_after(&streams, 2, None, 9).await,
    );
    assert_eq!(records_after, records_before);
    assert_eq!(call(&streams, "ListStreams", &json!({})).await["StreamNames"], json!(["s"]));

    let next = call(&streams, "PutRecord", &record("CCCC")).await;
    let shard = store::types::shard_index(next["ShardId"].as_str().unwrap());
    assert!(next["SequenceNumber"].as_str().unwrap() > &*tails_before[&shard]);
}

/// Issue 16, C2: if a damaged frame had a stream's definition, its records are there nevertheless.
#[tokio::test]
async fn a_stream_whose_definition_is_lost_is_rebuilt_from_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let streams = start(WriteLimits::Lifted, Some(folder.path())).await;
    call(&streams, "CreateStream", &json!({"StreamName": "s", "ShardCount": 2})).await;
    let one_shard = streams.storage.as_ref().unwrap().get("stream/s").unwrap();
    for key in ["a", "b", "c", "d"] {
        call(&streams, "PutRecord", &json!({"StreamName": "s", "Data": "AAAA", "PartitionKey": key})).await;
    }
    let split = json!({
        "StreamName": "s", "ShardToSplit": "shardId-000000000000", "NewStartingHashKey": (u128::MAX / 4).to_string(),
    });
    call(&streams, "SplitShard", &split).await;
    for key in ["a", "b", "c", "d", "e", "f"] {
        call(&streams, "PutRecord", &json!({"StreamName": "s", "Data": "AAAA", "PartitionKey": key})).await;
    }
    let mut all = Vec::new();
    for shard in 0..4 {
        all.push(records_of(&streams, shard).await);
    }
    streams.shutdown();
    let storage = streams.storage.clone().unwrap();
    for definition in [None, Some(one_shard)] {
        match &definition {
            None => storage_of(folder.path(), &storage).unset(&["stream/s".into()]).unwrap(),
            Some(definition) => {
                storage_of(folder.path(), &storage).set("stream/s", definition).unwrap();
            }
        }
        let streams = start(WriteLimits::Lifted, Some(folder.path())).await;
        for (shard, before) in all.iter().enumerate() {
            assert_eq!(&records_of(&streams, shard).await, before, "shard {shard}");
        }
        let placed = call(&streams, "PutRecord", &record("BBBB")).await;
        let shard = store::types::shard_index(placed["ShardId"].as_str().unwrap());
        let last = all[shard as usize].last().cloned().unwrap_or_default();
        assert!(placed["SequenceNumber"].as_str().unwrap() > last.as_str());
        all[shard as usize].push(placed["SequenceNumber"].as_str().unwrap().to_owned());
        streams.shutdown();
        streams.storage.as_ref().unwrap().close();
    }
}

/// The folder, after its last user has released it.
fn storage_of(folder: &Path, before: &Storage) -> Storage {
    before.close();
    let (storage, _) = Storage::open(folder).unwrap();
    storage
}

/// Sequence numbers of a shard from GetRecords.
async fn records_of(streams: &Streams, shard: usize) -> Vec<String> {
    let shard = format!("shardId-{shard:012}");
    let request = json!({"StreamName": "s", "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
    let Ok(iterator) = call_as(streams, Encoding::Json, "GetShardIterator", &request).await else {
        return Vec::new();
    };
    let answer = call(streams, "GetRecords", &json!({"ShardIterator": iterator["ShardIterator"]})).await;
    let records = answer["Records"].as_array().unwrap();
    records.iter().map(|record| record["SequenceNumber"].as_str().unwrap().to_owned()).collect()
}

/// docs/aws-behaviour.md#kinesis-limits: a record exists as long as the stream's retention says.
#[tokio::test]
async fn records_are_gone_after_the_streams_retention() {
    let folder = tempfile::tempdir().unwrap();
    // More than are deleted at once, and not a multiple of it.
    let arrived: Vec<_> = [vec![26; 700], vec![25], vec![23]].concat();
    let streams = aged(folder.path(), 24, &arrived).await;
    let kept: Vec<_> = read_after(&streams, 0, None, 9).await.into_iter().map(|record| record.data).collect();
    assert_eq!(kept, ["23AA"]);
    assert_eq!(records(&streams).await.len(), 1);
    call(&streams, "IncreaseStreamRetentionPeriod", &json!({"StreamName": "s", "RetentionPeriodHours": 48}))
        .await;
    call(&streams, "DecreaseStreamRetentionPeriod", &json!({"StreamName": "s", "RetentionPeriodHours": 24}))
        .await;
    streams.retain_once().await;
    assert_eq!(records(&streams).await.len(), 1);
}
