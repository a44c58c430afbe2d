//! The records that the gateway puts into the stream, read with AWS's SDK client.

use super::unique;
use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::stream_reader::StreamReader;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::Record;
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::Arc;

/// A connected client and the record of a message that it has sent.
pub(super) async fn client_and_record(endpoint: &Endpoint) -> (Client, Record, Value) {
    let mut stream = StreamReader::open(endpoint).await;
    let mut client = Client::connect(&endpoint.websocket_uri).await;
    let message = json!({"mark": unique()});
    client.send(message.to_string()).await;
    let (record, event) = stream.next(|event| event["payload"] == message).await;
    assert_eq!(client.receive_json().await, message);
    (client, record, event)
}

/// DESIGN section 5: the event contains the connection's id, which is also the partition key.
pub async fn a_message_becomes_a_record_keyed_by_its_connection(endpoint: Arc<Endpoint>) {
    let (_client, record, event) = client_and_record(&endpoint).await;
    assert!(event["connectionId"].as_str().is_some_and(|id| !id.is_empty()), "{event}");
    assert_eq!(event["connectionId"].as_str(), record.partition_key.as_deref());
}

/// DESIGN section 5: the other members of an event.
pub async fn an_event_carries_its_route_its_time_and_its_sender(endpoint: Arc<Endpoint>) {
    let (_client, _record, event) = client_and_record(&endpoint).await;
    assert_eq!((&event["routeKey"], &event["eventType"]), (&"$default".into(), &"MESSAGE".into()), "{event}");
    assert!(event["requestId"].as_str().is_some_and(|id| !id.is_empty()), "{event}");
    assert!(event["sourceIp"].as_str().is_some_and(|ip| ip.parse::<IpAddr>().is_ok()), "{event}");
    for member in ["apiId", "stage"] {
        assert!(event[member].as_str().is_some_and(|text| !text.is_empty()), "{event}");
    }
    // As text, because an empty variable must not make the event invalid JSON.
    let time_ms = |member: &str| event[member].as_str().and_then(|text| text.parse::<u64>().ok());
    let connected_at = time_ms("connectedAt").expect("when it connected");
    assert!(time_ms("requestTimeEpoch").is_some_and(|sent| sent >= connected_at), "{event}");
}

/// The stream accepts other producers: a record that an SDK puts is delivered in the same way.
pub async fn a_record_put_by_an_sdk_reaches_its_client(endpoint: Arc<Endpoint>) {
    let (mut client, record, mut event) = client_and_record(&endpoint).await;
    event["payload"] = json!({"from": "sdk", "mark": unique()});
    endpoint
        .kinesis()
        .put_record()
        .stream_name(&endpoint.stream_name)
        .partition_key(record.partition_key.as_deref().unwrap_or_default())
        .data(Blob::new(event.to_string()))
        .send()
        .await
        .expect("the stream takes a record");
    assert_eq!(client.receive_json().await, event["payload"]);
}

/// DESIGN section 1: each service has its own subscription.
pub async fn functions_read_through_consumers_of_their_own(endpoint: Arc<Endpoint>) {
    let summary =
        endpoint.kinesis().describe_stream_summary().stream_name(&endpoint.stream_name).send().await;
    let summary = summary.expect("a summary").stream_description_summary.expect("a description");
    assert!(summary.consumer_count().is_some_and(|count| count >= 1), "{summary:?}");
}
