//! The records that the gateway puts into the stream.

use aws_sdk_kinesis::types::ShardIteratorType;
use serde_json::Value;
use sluicegate_tests::frame::{Frame, TEXT};
use sluicegate_tests::raw::RawClient;
use sluicegate_tests::test_emulator::TestEmulator;
use sluicegate_tests::{eventually, sdk};

async fn records(emulator: &TestEmulator) -> Vec<aws_sdk_kinesis::types::Record> {
    let kinesis = sdk::kinesis(&emulator.emulator.endpoint_url());
    let iterator = kinesis
        .get_shard_iterator()
        .stream_name(emulator.stack.stream_name())
        .shard_id("shardId-000000000000")
        .shard_iterator_type(ShardIteratorType::TrimHorizon)
        .send()
        .await
        .expect("an iterator");
    let records =
        kinesis.get_records().set_shard_iterator(iterator.shard_iterator).send().await.expect("records");
    records.records
}

/// DESIGN section 5: the record is the event, and its partition key is the connection's id.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_becomes_an_event_in_the_stream_that_any_sdk_reads() {
    let emulator = TestEmulator::start().await;
    let summary = sdk::kinesis(&emulator.emulator.endpoint_url())
        .describe_stream_summary()
        .stream_name(emulator.stack.stream_name())
        .send()
        .await
        .expect("a summary");
    let summary = summary.stream_description_summary.expect("a description");
    assert_eq!((summary.open_shard_count, summary.consumer_count), (1, Some(1)));

    let mut client = emulator.client().await;
    client.send(r#"{ "msg": "Hello World!" }"#).await;
    client.receive().await;
    let records = records(&emulator).await;
    assert_eq!(records.len(), 1);
    let event: Value = serde_json::from_slice(records[0].data.as_ref()).expect("an event");
    assert_eq!(event["payload"], serde_json::json!({"msg": "Hello World!"}));
    assert_eq!(event["connectionId"].as_str(), records[0].partition_key.as_deref());
    assert_eq!((&event["routeKey"], &event["eventType"]), (&"$default".into(), &"MESSAGE".into()));
    assert_eq!((&event["stage"], &event["apiId"]), (&"v1".into(), &emulator.composed.api_id.as_str().into()));
    assert_eq!(event["sourceIp"], "127.0.0.1");
    let time_ms = |member: &str| event[member].as_str().and_then(|text| text.parse::<u64>().ok());
    assert!(
        time_ms("connectedAt").is_some() && time_ms("connectedAt") <= time_ms("requestTimeEpoch"),
        "{event}"
    );
}

/// docs/aws-behaviour.md#apigateway-quotas: a message that the gateway refuses does not enter the stream.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_leaves_no_record() {
    let emulator = TestEmulator::start().await;
    let mut client = emulator.client().await;
    client.send("not json").await;
    client.receive().await;
    client.send("1").await;
    client.receive().await;
    assert_eq!(records(&emulator).await.len(), 1);
}

/// A complete message enters the stream even if its client disconnects directly after it without a close frame.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_message_of_a_client_that_is_gone_is_in_the_stream() {
    let emulator = TestEmulator::start().await;
    let mut client = RawClient::connect(emulator.emulator.address(), "/v1").await.expect("a connection");
    client.send(&Frame::new(TEXT, r#"{"msg":"last words"}"#).encode()).await.expect("it is sent");
    client.end().await.expect("it ends");
    eventually("it is in the stream", || async { !records(&emulator).await.is_empty() }).await;
    let records = records(&emulator).await;
    let event: Value = serde_json::from_slice(records[0].data.as_ref()).expect("an event");
    assert_eq!(event["payload"]["msg"], "last words");
}

/// DESIGN section 5: an acknowledgement has the record's sequence number.
#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_names_the_record() {
    let emulator = TestEmulator::with("acknowledgements = true", Default::default()).await;
    let mut client = emulator.client().await;
    client.send("1").await;
    let mut frames = [client.receive().await, client.receive().await];
    frames.sort();
    let [echo, ack] = frames;
    assert_eq!(echo, "1");
    let ack: Value = serde_json::from_str(&ack).expect("an acknowledgement");
    assert_eq!(ack["ack"]["sequenceNumber"], records(&emulator).await[0].sequence_number.as_str());
}

/// DESIGN section 5: lifecycle events reach the stream if a function subscribes to them.
#[tokio::test(flavor = "multi_thread")]
async fn lifecycle_events_reach_the_stream_if_subscribed_to() {
    let tfvars = r#"functions = { echo = { lifecycle_events = ["CONNECT", "DISCONNECT"] } }"#;
    let emulator = TestEmulator::with(tfvars, Default::default()).await;
    emulator.client().await.close().await;
    eventually("both events are in the stream", || async { records(&emulator).await.len() == 2 }).await;
    let types: Vec<_> =
        records(&emulator).await.iter().map(|record| event_type(record.data.as_ref())).collect();
    assert_eq!(types, ["CONNECT", "DISCONNECT"]);
}

fn event_type(data: &[u8]) -> String {
    let event: Value = serde_json::from_slice(data).expect("an event");
    assert!(event["payload"].is_null());
    event["eventType"].as_str().unwrap_or_default().to_owned()
}

/// docs/aws-behaviour.md#kinesis-order: a record that an SDK puts enters the same stream and is delivered in the same way.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_put_by_an_sdk_reaches_the_function() {
    let emulator = TestEmulator::start().await;
    let mut client = emulator.client().await;
    client.send("0").await;
    client.receive().await;
    let connection_id = records(&emulator).await[0].partition_key.clone().expect("a partition key");
    let event = format!(r#"{{"payload":{{"from":"sdk"}},"connectionId":"{connection_id}"}}"#);
    let put = sdk::kinesis(&emulator.emulator.endpoint_url())
        .put_record()
        .stream_name(emulator.stack.stream_name())
        .partition_key(&connection_id)
        .data(aws_sdk_kinesis::primitives::Blob::new(event.clone()))
        .send()
        .await
        .expect("the stream takes a record");
    assert_eq!(put.shard_id, "shardId-000000000000");
    assert_eq!(client.receive().await, r#"{"from":"sdk"}"#);
}

/// DESIGN section 5, docs/aws-behaviour.md#apigateway-integrations: a function's own route uses the same integration, and
/// the record names the route.
#[tokio::test(flavor = "multi_thread")]
async fn a_route_of_its_own_goes_to_the_same_stream() {
    let emulator =
        TestEmulator::with(r#"functions = { echo = { routes = ["shout"] } }"#, Default::default()).await;
    let mut client = emulator.client().await;
    client.send(r#"{"action":"whisper"}"#).await;
    client.send(r#"{"action":"shout"}"#).await;
    assert_eq!(client.receive().await, r#"{"action":"shout"}"#);
    let keys: Vec<String> = records(&emulator)
        .await
        .iter()
        .map(|record| serde_json::from_slice::<Value>(record.data.as_ref()).expect("an event"))
        .map(|event| event["routeKey"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(keys, ["$default", "shout"]);
}
