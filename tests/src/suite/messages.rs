//! Messages of clients and their replies.

use super::unique;
use crate::client::Client;
use crate::endpoint::Endpoint;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Concurrent clients, and the messages of each.
const CLIENTS: u64 = 5;
const MESSAGES: u64 = 20;

/// The reference flow: `wscat -c …`, then `{"msg":"Hello World!"}`.
pub async fn hello_world_comes_back(endpoint: Arc<Endpoint>) {
    let mut client = Client::connect(&endpoint.websocket_uri).await;
    client.send(r#"{"msg":"Hello World!"}"#).await;
    assert_eq!(client.receive_json().await, json!({"msg": "Hello World!"}));
}

/// Values that come back equal: members, nesting, other scripts and text that looks like a template.
pub async fn json_of_every_kind_comes_back_equal(endpoint: Arc<Endpoint>) {
    let mut client = Client::connect(&endpoint.websocket_uri).await;
    for value in [
        json!({"text": "quotes \" and ' and \\ and / and \n and \t", "scripts": "naïve, 日本語, Ελληνικά, 🛶"}),
        json!({"numbers": [0, -1, 9_007_199_254_740_991_i64], "truth": [true, false], "nothing": null}),
        json!({"nested": {"list": [], "object": {}, "deep": [[[[1]]]]}, "": "an empty name"}),
        json!({"vtl": "$context.stage #set($x = 1) ${a} $!{b}"}),
        json!([1, "two", [3]]),
    ] {
        client.send(value.to_string()).await;
        assert_eq!(client.receive_json().await, value);
    }
}

/// Numbers beyond 64 bits come back unchanged, as do the spellings of numbers and escapes. White space between tokens is
/// removed.
pub async fn every_digit_and_escape_comes_back(endpoint: Arc<Endpoint>) {
    let mut client = Client::connect(&endpoint.websocket_uri).await;
    for text in [
        r#"{"big":12345678901234567890123,"one":1.0,"exp":1e3,"tiny":-1E-400}"#,
        r#"{"quote":"\"'\\/\b\f\n\r\t","unicode":"é☃𝄞\u00e9\ud834\udd1e"}"#,
    ] {
        client.send(text).await;
        assert_eq!(client.receive().await, text);
    }
    client.send(" {\n\t\"spaced\" : [ 1 , 2 ] }\r\n").await;
    assert_eq!(client.receive().await, r#"{"spaced":[1,2]}"#);
}

/// Each of many concurrent clients gets all of its messages and none of another's. Repeats are allowed, because delivery
/// is at least once, and so is another order.
pub async fn each_client_gets_its_own_messages_and_no_other(endpoint: Arc<Endpoint>) {
    let mut talks = JoinSet::new();
    for number in 0..CLIENTS {
        let uri = endpoint.websocket_uri.clone();
        talks.spawn(async move {
            let (mut client, mark) = (Client::connect(&uri).await, unique());
            for n in 0..MESSAGES {
                client.send(json!({"client": number, "mark": mark, "n": n}).to_string()).await;
            }
            let received = receive_each(&mut client, &mark).await;
            assert_eq!(received.iter().copied().collect::<BTreeSet<_>>(), (0..MESSAGES).collect());
        });
    }
    while let Some(talk) = talks.join_next().await {
        talk.expect("a client finishes its talk");
    }
}

/// Order holds per connection, even if a client sends as fast as it can.
pub async fn messages_sent_at_once_keep_their_order(endpoint: Arc<Endpoint>) {
    let (mut client, mark) = (Client::connect(&endpoint.websocket_uri).await, unique());
    for n in 0..MESSAGES {
        client.send(json!({"mark": mark, "n": n}).to_string()).await;
    }
    assert_eq!(receive_each(&mut client, &mark).await, (0..MESSAGES).collect::<Vec<_>>());
}

/// The numbers of a client's messages in the order of their first arrival, once all have arrived.
async fn receive_each(client: &mut Client, mark: &str) -> Vec<u64> {
    let mut received = Vec::new();
    while received.len() < MESSAGES as usize {
        let message = client.receive_json().await;
        assert_eq!(message["mark"], mark, "a message of another client came: {message}");
        let n = message["n"].as_u64().expect("the message's own number");
        if !received.contains(&n) {
            received.push(n);
        }
    }
    received
}

/// For a message that the request model rejects, the gateway sends an error frame; the connection stays open.
pub async fn what_is_no_json_is_refused_at_the_door(endpoint: Arc<Endpoint>) {
    let mut client = Client::connect(&endpoint.websocket_uri).await;
    client.send("not json").await;
    let frame: Value = client.receive_json().await;
    assert_eq!(frame["message"], "Bad request body");
    client.send("[1]").await;
    assert_eq!(client.receive_json().await, json!([1]));
}
