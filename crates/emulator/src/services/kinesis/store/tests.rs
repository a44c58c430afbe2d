//! What the library must never do: read during an append, and append or subscribe itself.

use super::types::{Operation, StoredRecordRef, check};
use crate::services::kinesis::encoding::Encoding;
use crate::services::kinesis::tests::{call, call_as, create, start};
use crate::services::kinesis::{ReadLimit, WriteLimits};
use futures_util::FutureExt as _;
use serde_json::json;

#[tokio::test]
async fn every_read_waits_for_the_append_lock() {
    let streams = start(WriteLimits::Lifted, None).await;
    create(&streams).await;
    let at =
        |kind: &str| json!({"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": kind});
    let iterator = call(&streams, "GetShardIterator", &at("TRIM_HORIZON")).await["ShardIterator"].take();
    let mut at_time = at("AT_TIMESTAMP");
    at_time["Timestamp"] = json!(1.5);
    let open = streams.store.open("s");
    for (operation, request) in
        [("GetRecords", json!({"ShardIterator": iterator})), ("GetShardIterator", at_time)]
    {
        let records = streams.store.lock(&open).await;
        let mut reading = Box::pin(call(&streams, operation, &request));
        assert!(reading.as_mut().now_or_never().is_none(), "{operation} read while the lock was held");
        drop(records);
        reading.await;
    }
}

#[tokio::test]
async fn a_read_without_a_stream_waits_for_its_creation() {
    let streams = start(WriteLimits::Lifted, None).await;
    let read = json!({"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": 1.5});
    let creation = streams.store.creation.write().await;
    let mut reading = Box::pin(call_as(&streams, Encoding::Json, "GetShardIterator", &read));
    assert!(reading.as_mut().now_or_never().is_none(), "it read while a stream was created");
    drop(creation);
    assert_eq!(reading.await.unwrap_err(), "ResourceNotFoundException");
    let reading = streams.store.creation.read().await;
    assert!(
        create(&streams).now_or_never().is_none(),
        "a stream was created while a read relied on its absence"
    );
    drop(reading);
}

/// The library deletes expired records without the append lock: it must find none.
#[tokio::test]
async fn expired_records_go_before_the_library_reads() {
    let streams = start(WriteLimits::Lifted, None).await;
    create(&streams).await;
    let put = json!({"StreamName": "s", "Data": "AAAA", "PartitionKey": "k"});
    let sequence_number = call(&streams, "PutRecord", &put).await["SequenceNumber"].take();
    let at =
        json!({"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"});
    let iterator = call(&streams, "GetShardIterator", &at).await["ShardIterator"].take();
    // The emulator's own first search for expired records, which is at the start, is over.
    tokio::task::yield_now().await;
    let old = StoredRecordRef { partition_key: "k", data: "AAAA", approximate_arrival_timestamp: 1.0 };
    let open = streams.store.open("s");
    streams.store.lock(&open).await.put_back(0, sequence_number.as_str().unwrap(), &old).await.unwrap();
    let limit = ReadLimit { records: 9, data_bytes: 1_000 };
    assert_eq!(streams.read_after("s", 0, None, limit).await.records.len(), 1);
    streams.found(&json!({"ShardIterator": iterator})).await.unwrap();
    assert_eq!(streams.read_after("s", 0, None, limit).await.records, []);
}

/// Whoever calls: [`super::Store`] alone has the library, and this is its only way to an operation of the caller's.
#[tokio::test]
async fn the_library_neither_appends_nor_subscribes() {
    let streams = start(WriteLimits::Lifted, None).await;
    create(&streams).await;
    let arn = streams.account.stream_arn("s");
    let register = json!({"StreamARN": arn, "ConsumerName": "c"});
    let consumer = call(&streams, "RegisterStreamConsumer", &register).await["Consumer"].take();
    for (operation, request) in [
        (Operation::PutRecord, json!({"StreamName": "s", "Data": "AAAA", "PartitionKey": "k"})),
        (
            Operation::PutRecords,
            json!({"StreamName": "s", "Records": [{"Data": "AAAA", "PartitionKey": "k"}]}),
        ),
        (
            Operation::SubscribeToShard,
            json!({
                "ConsumerARN": consumer["ConsumerARN"], "ShardId": "shardId-000000000000",
                "StartingPosition": {"Type": "TRIM_HORIZON"},
            }),
        ),
    ] {
        check(operation, &request).expect("a request that the library would answer");
        let refused = streams.store.dispatch(operation, &request).await.unwrap_err();
        assert_eq!(refused.code, "InternalFailure", "{operation}");
    }
    let limit = ReadLimit { records: 9, data_bytes: 1_000 };
    assert_eq!(streams.read_after("s", 0, None, limit).await.records, []);
}
