//! Lists, page by page.

use super::*;

/// All items of a list whose pages have at most two, by the member that names each.
async fn all(streams: &Streams, operation: &str, first: Value, items: &str, name: &str) -> Vec<String> {
    let (mut request, mut found) = (first, Vec::new());
    loop {
        let answer = call(streams, operation, &request).await;
        let page = answer[items].as_array().unwrap();
        assert!(page.len() <= 2, "{operation}: {page:?}");
        let named = page.iter().map(|item| item.as_str().or(item[name].as_str()).unwrap().to_owned());
        found.extend(named);
        match answer["NextToken"].as_str() {
            Some(token) => {
                assert!(!token.contains(found.last().unwrap()), "{token} is not opaque");
                request = json!({"NextToken": token});
                let (limit, arn) =
                    if operation == "ListStreams" { ("Limit", "") } else { ("MaxResults", "StreamARN") };
                request[limit] = 2.into();
                if operation == "ListStreamConsumers" {
                    request[arn] = streams.account.stream_arn("s").into();
                }
            }
            None => return found,
        }
    }
}

#[tokio::test]
async fn every_page_of_a_list_leads_to_the_next() {
    let streams = start(WriteLimits::Lifted, None).await;
    let all_names = ["s", "stream-2", "stream-3", "stream-4", "stream-5"];
    for name in all_names {
        call(&streams, "CreateStream", &json!({"StreamName": name, "ShardCount": 5})).await;
    }
    let arn = streams.account.stream_arn("s");
    for name in ["consumer-a", "consumer-b", "consumer-c"] {
        call(&streams, "RegisterStreamConsumer", &json!({"StreamARN": arn, "ConsumerName": name})).await;
    }
    let names = all(&streams, "ListStreams", json!({"Limit": 2}), "StreamNames", "").await;
    assert_eq!(names, all_names);
    let summaries = all(&streams, "ListStreams", json!({"Limit": 2}), "StreamSummaries", "StreamName").await;
    assert_eq!(summaries, names);
    let first = json!({"StreamARN": arn, "MaxResults": 2});
    let consumers = all(&streams, "ListStreamConsumers", first.clone(), "Consumers", "ConsumerName").await;
    assert_eq!(consumers, ["consumer-a", "consumer-b", "consumer-c"]);
    let shards = all(&streams, "ListShards", first, "Shards", "ShardId").await;
    let ids: Vec<_> = (0..5).map(store::types::sequence::shard_id_name).collect();
    assert_eq!(shards, ids);
    for (operation, request) in [
        ("ListStreams", json!({"NextToken": "t"})),
        ("ListShards", json!({"NextToken": "t"})),
        ("ListShards", json!({"NextToken": "t", "StreamARN": arn})),
        ("ListStreamConsumers", json!({"StreamARN": arn, "NextToken": "t"})),
    ] {
        let refused = call_as(&streams, Encoding::Json, operation, &request).await;
        assert_eq!(refused, Err("InvalidArgumentException".into()), "{operation}");
    }
}

/// The library leaves the filter out: the KCL would begin with every shard that ever was.
#[tokio::test]
async fn the_shards_of_a_list_may_be_filtered() {
    let streams = start(WriteLimits::Lifted, None).await;
    create(&streams).await;
    let split = json!({
        "StreamName": "s", "ShardToSplit": "shardId-000000000000", "NewStartingHashKey": (u128::MAX / 2).to_string(),
    });
    call(&streams, "SplitShard", &split).await;
    let list = async |filter: Value| {
        let answer = call(&streams, "ListShards", &json!({"StreamName": "s", "ShardFilter": filter})).await;
        let shards = answer["Shards"].as_array().unwrap().iter();
        shards.map(|shard| store::types::shard_index(shard["ShardId"].as_str().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(list(Value::Null).await, [0, 1, 2]);
    assert_eq!(list(json!({"Type": "AT_LATEST"})).await, [1, 2]);
    assert_eq!(list(json!({"Type": "AT_TRIM_HORIZON"})).await, [0]);
}

#[tokio::test]
async fn a_description_has_the_shards_that_are_asked_for() {
    let streams = start(WriteLimits::Lifted, None).await;
    call(&streams, "CreateStream", &json!({"StreamName": "s", "ShardCount": 3})).await;
    let mut request = json!({"StreamName": "s", "Limit": 2});
    let mut pages = Vec::new();
    for has_more in [true, false] {
        let answer = call(&streams, "DescribeStream", &request).await["StreamDescription"].take();
        assert_eq!(answer["HasMoreShards"], has_more);
        let shards = answer["Shards"].as_array().unwrap();
        request["ExclusiveStartShardId"] = shards.last().unwrap()["ShardId"].clone();
        pages.push(shards.len());
    }
    assert_eq!(pages, [2, 1]);
}
