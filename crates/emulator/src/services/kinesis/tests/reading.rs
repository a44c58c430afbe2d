//! Iterators, GetRecords and subscriptions.

use super::*;

/// docs/aws-behaviour.md#kinesis-fan-out and #kinesis-order: LATEST is after every earlier record and before every
/// later one.
/// every other.
#[tokio::test]
async fn an_iterator_at_latest_sees_what_comes_after_it_alone() {
    let streams = start(WriteLimits::Enforced, None).await;
    create(&streams).await;
    let empty = iterator(&streams, "LATEST").await;
    call(&streams, "PutRecord", &record("AAAA")).await;
    let latest = iterator(&streams, "LATEST").await;
    call(&streams, "PutRecord", &record("BBBB")).await;
    for (iterator, expected) in [(empty, json!(["AAAA", "BBBB"])), (latest, json!(["BBBB"]))] {
        let answer = call(&streams, "GetRecords", &iterator).await;
        let records = answer["Records"].as_array().unwrap().iter();
        assert_eq!(Value::from_iter(records.map(|record| record["Data"].clone())), expected);
    }
}

/// Issue 16, C11: at most 10 MiB per call, and the reader learns that it has not reached the end.
#[tokio::test]
async fn get_records_answers_with_ten_mebibytes_at_most() {
    let streams = start(WriteLimits::Lifted, None).await;
    create(&streams).await;
    // 23 of them are 11.5 MiB.
    let record = record(&"A".repeat(512 * 1_024 / 3 * 4));
    for _ in 0..23 {
        streams.put_record(&(&record).into()).await.unwrap();
    }
    let mut iterator = iterator(&streams, "TRIM_HORIZON").await;
    let mut lengths = Vec::new();
    for _ in 0..2 {
        let answer = call(&streams, "GetRecords", &iterator).await;
        let records = answer["Records"].as_array().unwrap().len();
        lengths.push(records);
        assert_eq!(answer["MillisBehindLatest"].as_u64().unwrap() > 0, records == 20, "{lengths:?}");
        iterator["ShardIterator"] = answer["NextShardIterator"].clone();
    }
    assert_eq!(lengths, [20, 3]);
}

#[tokio::test]
async fn get_records_takes_its_limit() {
    let streams = start(WriteLimits::Lifted, None).await;
    create(&streams).await;
    for _ in 0..5 {
        call(&streams, "PutRecord", &record("AAAA")).await;
    }
    let mut request = iterator(&streams, "TRIM_HORIZON").await;
    for (limit, expected) in [(json!(2), Ok(2)), (json!(null), Ok(5)), (json!(10_000), Ok(5))] {
        request["Limit"] = limit;
        let answer = call_as(&streams, Encoding::Json, "GetRecords", &request).await;
        let found = answer.map(|answer| answer["Records"].as_array().unwrap().len());
        assert_eq!(found, expected, "{request}");
    }
    for limit in [json!(0), json!(-1), json!(10_001), json!("2")] {
        request["Limit"] = limit;
        let refused = call_as(&streams, Encoding::Json, "GetRecords", &request).await.unwrap_err();
        assert!(matches!(refused.as_str(), "ValidationException" | "SerializationException"), "{refused}");
    }
}

/// Recorded on AWS: a consumer continues where it was.
#[tokio::test]
async fn a_subscription_begins_where_it_is_asked_to() {
    let streams = start(WriteLimits::Lifted, None).await;
    create(&streams).await;
    let placed = call(&streams, "PutRecord", &record("AAAA")).await;
    let stream_arn = Account::default().stream_arn("s");
    for (name, starting, is_right) in [
        ("at", json!({"Type": "AT_SEQUENCE_NUMBER", "SequenceNumber": placed["SequenceNumber"]}), true),
        ("after", json!({"Type": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": placed["SequenceNumber"]}), true),
        ("time", json!({"Type": "AT_TIMESTAMP", "Timestamp": 1.5}), true),
        ("horizon", json!({"Type": "TRIM_HORIZON"}), true),
        ("no-number", json!({"Type": "AT_SEQUENCE_NUMBER"}), false),
        ("no-time", json!({"Type": "AT_TIMESTAMP"}), false),
    ] {
        let register = json!({"StreamARN": stream_arn, "ConsumerName": name});
        let consumer = call(&streams, "RegisterStreamConsumer", &register).await["Consumer"].take();
        let described = json!({"ConsumerARN": consumer["ConsumerARN"]});
        while call(&streams, "DescribeStreamConsumer", &described).await["ConsumerDescription"]["ConsumerStatus"]
            != "ACTIVE"
        {
            tokio::task::yield_now().await;
        }
        let subscribe = json!({
            "ConsumerARN": consumer["ConsumerARN"], "ShardId": "shardId-000000000000", "StartingPosition": starting,
        });
        let answer = streams.subscribe(Encoding::Json, &subscribe).await;
        assert_eq!(
            answer.map(drop).map_err(|error| error.code),
            if is_right { Ok(()) } else { Err("InvalidArgumentException".to_owned()) },
            "{name}"
        );
    }
}
