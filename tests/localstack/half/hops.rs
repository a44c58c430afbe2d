//! From the stream to the functions, and from them to clients.

use super::Half;
use aws_sdk_kinesis::primitives::Blob;
use serde_json::json;
use sluicegate_tests::eventually;

/// Messages sent at once: more than a batch holds.
const MESSAGES: u64 = 40;

/// Stream, mapping on the consumer, function, `@connections`.
pub async fn a_message_comes_back(half: &Half) {
    let mut client = half.gateway.emulator.client().await;
    client.send(r#"{"msg":"Hello World!"}"#).await;
    assert_eq!(client.receive_json().await, json!({"msg": "Hello World!"}));
}

pub async fn messages_of_a_connection_keep_their_order(half: &Half) {
    let mut client = half.gateway.emulator.client().await;
    for n in 0..MESSAGES {
        client.send(json!({"n": n}).to_string()).await;
    }
    for n in 0..MESSAGES {
        assert_eq!(client.receive_json().await, json!({"n": n}));
    }
}

/// The relay asks for one route. Had its mapping passed the message between on, it would have answered before its
/// second answer here.
pub async fn a_function_with_routes_sees_those_alone(half: &Half) {
    let (mut client, id) = half.gateway.client().await;
    let sent = [
        json!({"action": "relay", "to": id, "data": 1}),
        json!({"action": "other", "to": id, "data": 2}),
        json!({"action": "relay", "to": id, "data": 3}),
    ];
    for message in &sent {
        client.send(message.to_string()).await;
    }
    let (mut echoed, mut relayed) = (Vec::new(), Vec::new());
    while echoed.len() < sent.len() || !relayed.contains(&json!(3)) {
        let mut message = client.receive_json().await;
        if message.get("from").is_some() {
            relayed.push(message["data"].take());
        } else {
            echoed.push(message);
        }
    }
    assert_eq!((echoed, relayed), (sent.to_vec(), vec![json!(1), json!(3)]));
}

/// 410 is an outcome: the record is handled, is not dead-lettered, and holds nothing up.
pub async fn a_client_that_left_is_no_failure(half: &Half) {
    let ((gone, gone_id), (mut other, other_id)) = (half.gateway.client().await, half.gateway.client().await);
    gone.close().await;
    let connections = half.gateway.emulator.endpoint().connections();
    eventually("the gateway knows that it left", || async {
        connections.get_connection().connection_id(&gone_id).send().await.is_err()
    })
    .await;
    // One shard, and one partition key, so that the function gets them in this order.
    for id in [&gone_id, &other_id] {
        half.put("to whom it may concern", &event(id)).await;
    }
    assert_eq!(other.receive_json().await, json!({"for": other_id}));
    let letters = half.dead_letters(&["list"], "echo").await;
    assert!(!letters.iter().any(|letter| letter.to_string().contains(&gone_id)), "{letters:?}");
}

/// An event as the gateway's template writes it, as far as the function needs it.
fn event(connection_id: &str) -> String {
    json!({"payload": {"for": connection_id}, "connectionId": connection_id, "routeKey": "$default", "eventType": "MESSAGE"})
        .to_string()
}

impl Half {
    /// Puts a record past the gateway.
    pub(super) async fn put(&self, partition_key: &str, data: &str) {
        let put = self.kinesis.put_record().stream_name(&self.stream_name).partition_key(partition_key);
        put.data(Blob::new(data)).send().await.expect("the stream takes a record");
    }
}
