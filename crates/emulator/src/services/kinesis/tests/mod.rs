//! The stream for its callers, on the wire and inside the emulator.

mod listing;
mod persisted;
mod reading;
mod recorded;

use super::*;
use crate::core::clock;
use crate::storage::{Entry, NewRecord};
use encoding::Encoding;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::path::Path;

pub(crate) async fn start(write_limits: WriteLimits, data_dir: Option<&Path>) -> Streams {
    Streams::start(Deps {
        account: Account::default(),
        permissions: Arc::new(crate::services::iam::Iam::new(Account::default())),
        write_limits,
        subscription_timers: SubscriptionTimers::default(),
        faults: Faults::new(Default::default()),
        stored: data_dir.map(|path| Storage::open(path).unwrap()),
    })
    .await
}

/// One call, in one of the two encodings; returns the answer, or the refusal's code.
pub(super) async fn call_as(
    streams: &Streams,
    encoding: Encoding,
    operation: &str,
    request: &Value,
) -> Result<Value, String> {
    let call = http::Request::post("/")
        .header("x-amz-target", format!("{TARGET_PREFIX}{operation}"))
        .header("content-type", encoding.content_type());
    let (parts, ()) = call.body(()).unwrap().into_parts();
    let response = streams.handle(parts, encoding.encode(request).into()).await;
    let is_success = response.status().is_success();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let answer = encoding.decode(&body);
    if is_success { Ok(answer) } else { Err(answer["__type"].as_str().unwrap_or_default().to_owned()) }
}

pub(crate) async fn call(streams: &Streams, operation: &str, request: &Value) -> Value {
    call_as(streams, Encoding::Json, operation, request).await.unwrap()
}

pub(super) async fn create(streams: &Streams) {
    call(streams, "CreateStream", &json!({"StreamName": "s", "ShardCount": 1, "Tags": {"team": "a"}})).await;
}

async fn read_after(streams: &Streams, shard: i64, after: Option<&str>, records: usize) -> Vec<Record> {
    streams.read_after("s", shard, after, ReadLimit { records, data_bytes: usize::MAX }).await.records
}

fn record(data: &str) -> Value {
    json!({"StreamName": "s", "Data": data, "PartitionKey": "k"})
}

async fn iterator(streams: &Streams, kind: &str) -> Value {
    let request = json!({"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": kind});
    json!({"ShardIterator": call(streams, "GetShardIterator", &request).await["ShardIterator"]})
}

async fn records(streams: &Streams) -> Vec<Value> {
    let iterator = iterator(streams, "TRIM_HORIZON").await;
    call(streams, "GetRecords", &iterator).await["Records"].as_array().unwrap().clone()
}

/// docs/aws-behaviour.md#kinesis-limits: 1,000 records a second for each shard, and 1 MiB.
#[tokio::test]
async fn a_stream_that_is_not_there_is_told_before_a_record_that_is_wrong() {
    let streams = start(WriteLimits::Lifted, None).await;
    let mut wrong = record("eA==");
    wrong["ExplicitHashKey"] = "9".repeat(39).into();
    let put = async |request: &Value| call_as(&streams, Encoding::Json, "PutRecord", request).await;
    assert_eq!(put(&wrong).await, Err("ResourceNotFoundException".into()));
    create(&streams).await;
    assert_eq!(put(&wrong).await, Err("InvalidArgumentException".into()));
}

#[tokio::test]
async fn a_shard_refuses_what_is_over_its_write_limit() {
    let streams = start(WriteLimits::Enforced, None).await;
    create(&streams).await;
    let small: Vec<_> = (0..500).map(|_| json!({"Data": "AAAA", "PartitionKey": "k"})).collect();
    let large = json!({"Data": "A".repeat(800_000), "PartitionKey": "k"});
    for records in [json!(small), json!([large, large])] {
        let mut refused = Vec::new();
        // If the machine stalls for a second, the shard accepts another second's worth.
        for _ in 0..100 {
            let answer = call(&streams, "PutRecords", &json!({"StreamName": "s", "Records": records})).await;
            let results = answer["Records"].as_array().unwrap();
            refused = results.iter().filter(|result| result["ErrorCode"].is_string()).cloned().collect();
            assert_eq!(answer["FailedRecordCount"], refused.len());
            if !refused.is_empty() {
                break;
            }
        }
        assert_eq!(refused[0]["ErrorCode"], "ProvisionedThroughputExceededException");
        let one = call_as(&streams, Encoding::Json, "PutRecord", &record("AAAA")).await;
        assert!(one.is_ok() || one.unwrap_err() == "ProvisionedThroughputExceededException");
    }
    let streams = start(WriteLimits::Lifted, None).await;
    create(&streams).await;
    for _ in 0..3 {
        let answer = call(&streams, "PutRecords", &json!({"StreamName": "s", "Records": small})).await;
        assert_eq!(answer["FailedRecordCount"], 0);
    }
}

/// See docs/aws-behaviour.md#lambda-events, for both encodings of the wire.
#[tokio::test]
async fn arrival_times_have_milliseconds() {
    let streams = start(WriteLimits::Enforced, None).await;
    create(&streams).await;
    for encoding in [Encoding::Json, Encoding::Cbor] {
        let before_ms = clock::now_ms();
        call_as(&streams, encoding, "PutRecord", &record("AAEC")).await.unwrap();
        let after_ms = clock::now_ms();
        let record = records(&streams).await.pop().unwrap();
        let arrived_ms = (record["ApproximateArrivalTimestamp"].as_f64().unwrap() * 1_000.0).round() as u64;
        assert!((before_ms..=after_ms).contains(&arrived_ms), "{before_ms} {arrived_ms} {after_ms}");
        assert_eq!((&record["Data"], &record["PartitionKey"]), (&json!("AAEC"), &json!("k")));
    }
    let iterator = iterator(&streams, "TRIM_HORIZON").await;
    let answer = call_as(&streams, Encoding::Cbor, "GetRecords", &iterator).await.unwrap();
    assert_eq!(answer["Records"][1]["Data"], "AAEC");
    let refused =
        call_as(&streams, Encoding::Cbor, "PutRecord", &json!({"StreamName": "t", "Data": "AAEC"})).await;
    assert_eq!(refused.unwrap_err(), "ValidationException");
}

/// A stream with records of certain ages and a retention, both in hours.
pub(crate) async fn aged(folder: &Path, kept_hours: u32, arrived_hours_ago: &[u64]) -> Streams {
    let streams = start(WriteLimits::Enforced, Some(folder)).await;
    create(&streams).await;
    streams.shutdown();
    let now_ms = clock::now_ms();
    let mut stream = streams.store.get_stream("s").await.unwrap();
    stream.retention_period_hours = kept_hours;
    stream.shards[0].sequence_number_range.starting_sequence_number =
        routes::starting(0, now_ms - 30 * 3_600_000);
    streams.store.put_stream("s", stream.clone()).await.unwrap();
    streams.keep("s").await.unwrap();
    let mut routes = routes::Routes::of(&stream, &HashMap::new());
    for hours in arrived_hours_ago {
        let arrived_ms = now_ms - hours * 3_600_000;
        let sequence_number = routes.route(0).unwrap().take(arrived_ms);
        let record = NewRecord {
            stream: "s",
            shard: 0,
            sequence_number: &sequence_number,
            partition_key: "k",
            data: &format!("{hours}AA"),
            arrived_ms,
        };
        streams.storage.as_ref().unwrap().append(&[Entry::Record(record)]).unwrap();
    }
    streams.storage.as_ref().unwrap().close();
    start(WriteLimits::Enforced, Some(folder)).await
}

/// The library's reads wait while holding a map's lock, and writers to that map block their thread. If a read met a
/// write, everything would stop for good: then this test would not end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_puts_and_readers_do_not_stop_each_other() {
    const PUTS: usize = 60;
    const RECORDS_EACH: usize = 500;
    let streams = start(WriteLimits::Lifted, None).await;
    create(&streams).await;
    let all: Vec<_> =
        (0..RECORDS_EACH).map(|n| json!({"Data": "e30=", "PartitionKey": n.to_string()})).collect();
    let put = json!({"StreamName": "s", "Records": all});

    let tailing = |streams: Streams| async move {
        let mut tail = streams.tail("s", 0);
        let (mut after, mut seen) = (None, 0);
        while seen < PUTS * RECORDS_EACH {
            let records = read_after(&streams, 0, after.as_deref(), 100).await;
            match records.last() {
                Some(last) => after = Some(last.sequence_number.clone()),
                None => tail.changed().await.unwrap(),
            }
            seen += records.len();
        }
    };
    let iterating = |streams: Streams| async move {
        let (mut iterator, mut seen) = (iterator(&streams, "TRIM_HORIZON").await, 0);
        while seen < PUTS * RECORDS_EACH {
            let answer = call(&streams, "GetRecords", &iterator).await;
            seen += answer["Records"].as_array().unwrap().len();
            iterator = json!({"ShardIterator": answer["NextShardIterator"]});
            tokio::task::yield_now().await;
        }
    };
    // On a worker, where a reader that an append wakes waits for the appending thread.
    let appending = |streams: Streams| async move {
        for _ in 0..PUTS {
            assert_eq!(streams.put_records(&put).await.unwrap()["FailedRecordCount"], 0);
        }
    };
    // Together: the readers would wait forever for a failed append.
    tokio::try_join!(
        tokio::spawn(tailing(streams.clone())),
        tokio::spawn(iterating(streams.clone())),
        tokio::spawn(appending(streams.clone())),
    )
    .unwrap();
}

/// The library creates a new stream's shards in a task of its own, and we add its tags: neither may undo the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_stream_has_its_shards_and_its_tags() {
    let streams = start(WriteLimits::Lifted, None).await;
    for number in 0..500 {
        let name = format!("s{number}");
        let create = json!({"StreamName": name, "ShardCount": 1, "Tags": {"team": "a"}});
        call(&streams, "CreateStream", &create).await;
        let stream = streams.store.get_stream(&name).await.unwrap();
        assert_eq!((stream.shards.len(), stream.tags.len()), (1, 1), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures: cargo test --release -p sluicegate-emulator --lib puts_per_second -- --ignored --nocapture"]
async fn puts_per_second() {
    let folder = tempfile::tempdir().unwrap();
    for data_dir in [None, Some(folder.path())] {
        let streams = start(WriteLimits::Lifted, data_dir).await;
        create(&streams).await;
        let data = "x".repeat(200);
        for round in 0..5 {
            let started = std::time::Instant::now();
            let tasks: Vec<_> = (0..8)
                .map(|task| {
                    let streams = streams.clone();
                    let body = format!(r#"{{"StreamName":"s","Data":"{data}","PartitionKey":"key{task}"}}"#);
                    tokio::spawn(async move {
                        for _ in 0..20_000 {
                            streams.put_record(&PutRecord::read(&body)).await.unwrap();
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            let per_second = 160_000.0 / started.elapsed().as_secs_f64();
            println!(
                "{} round {round}: {per_second:.0} puts/s",
                if data_dir.is_some() { "kept" } else { "memory" }
            );
        }
    }
}
