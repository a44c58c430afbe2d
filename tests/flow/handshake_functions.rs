//! The ready-made functions of handshakes: the JWT authorizer, and the one that answers a subprotocol.

use http::{Response, StatusCode};
use serde_json::{Value, json};
use sluicegate_tests::client::Client;
use sluicegate_tests::issuer::Issuer;
use sluicegate_tests::stream_reader::StreamReader;
use sluicegate_tests::test_emulator::TestEmulator;

const PROTOCOL: &str = "sec-websocket-protocol";

/// The stack with the JWT authorizer, and tokens in this place.
async fn guarded(issuer: &Issuer, token_from: &str, more: &str) -> TestEmulator {
    let environment = issuer.environment();
    let authorizer = format!(
        r#"authorizer = {{ function = "jwt-authorizer", token_from = "{token_from}", environment = {environment} }}"#
    );
    TestEmulator::with(&format!("{authorizer}\n{more}"), Default::default()).await
}

type Handshake = Result<(Client, Response<Option<Vec<u8>>>), Response<Option<Vec<u8>>>>;

fn status(handshake: &Handshake) -> StatusCode {
    match handshake {
        Ok((_, response)) | Err(response) => response.status(),
    }
}

/// A token of each kind, and the status that it gets.
fn tokens(issuer: &Issuer, other: &Issuer) -> Vec<(&'static str, String, u16)> {
    vec![
        ("good", issuer.token(&json!({})), 101),
        ("expired", issuer.token(&json!({"exp": 1_700_000_000})), 401),
        ("of another audience", issuer.token(&json!({"aud": "mail"})), 401),
        ("signed by another", other.token(&json!({"iss": issuer.uri})), 401),
        ("no token", "guess".into(), 401),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jwt_in_the_query_decides_who_connects() {
    let (issuer, other) = (Issuer::start().await, Issuer::start().await);
    let emulator = guarded(&issuer, "query", "").await;
    for (what, token, expected) in tokens(&issuer, &other) {
        let uri = format!("{}?token={token}", emulator.uri());
        assert_eq!(status(&Client::try_connect(&uri, &[]).await), expected, "{what}");
        // It has one place.
        let header = format!("Bearer {token}");
        let elsewhere = Client::try_connect(&emulator.uri(), &[("authorization", &header)]).await;
        assert_eq!(status(&elsewhere), StatusCode::UNAUTHORIZED, "{what} in the header");
    }
    let uri = format!("{}?token={}", emulator.uri(), issuer.token(&json!({})));
    let mut client = Client::connect(&uri).await;
    client.send(r#"{"n":1}"#).await;
    assert_eq!(client.receive().await, r#"{"n":1}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jwt_in_the_header_decides_who_connects() {
    let (issuer, other) = (Issuer::start().await, Issuer::start().await);
    let emulator = guarded(&issuer, "header", "").await;
    for (what, token, expected) in tokens(&issuer, &other) {
        let header = format!("Bearer {token}");
        let handshake = Client::try_connect(&emulator.uri(), &[("authorization", &header)]).await;
        assert_eq!(status(&handshake), expected, "{what}");
    }
}

/// docs/aws-behaviour.md#apigateway-subprotocol: the client is answered `sluicegate`, and its token is not sent back.
#[tokio::test(flavor = "multi_thread")]
async fn a_jwt_in_the_subprotocol_is_answered_without_it() {
    let (issuer, other) = (Issuer::start().await, Issuer::start().await);
    let emulator = guarded(&issuer, "subprotocol", "").await;
    for (what, token, expected) in tokens(&issuer, &other) {
        for offered in [format!("sluicegate, {token}"), format!("{token},sluicegate")] {
            let handshake = Client::try_connect(&emulator.uri(), &[(PROTOCOL, &offered)]).await;
            assert_eq!(status(&handshake), expected, "{what}");
            let (Ok((_, response)) | Err(response)) = handshake;
            let answered = response.headers().get(PROTOCOL).map(|value| value.to_str().expect("text"));
            assert_eq!(answered, (expected == 101).then_some("sluicegate"), "{what}");
        }
        let alone = Client::try_connect(&emulator.uri(), &[(PROTOCOL, &token)]).await;
        assert_eq!(status(&alone), StatusCode::UNAUTHORIZED, "{what} without sluicegate");
    }
    assert_eq!(status(&Client::try_connect(&emulator.uri(), &[]).await), StatusCode::UNAUTHORIZED);
}

/// An issuer that is gone before its keys were fetched lets nobody in: a fault of the stack, not of the client.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_issuers_keys_nobody_connects() {
    let issuer = Issuer::start().await;
    let emulator = guarded(&issuer, "query", "").await;
    let uri = format!("{}?token={}", emulator.uri(), issuer.token(&json!({})));
    drop(issuer);
    assert_eq!(status(&Client::try_connect(&uri, &[]).await), StatusCode::INTERNAL_SERVER_ERROR);
}

/// A stream has one shape of CONNECT events, whether a mapping template puts them there or the function.
#[tokio::test(flavor = "multi_thread")]
async fn a_connect_event_has_one_shape() {
    let issuer = Issuer::start().await;
    let token = issuer.token(&json!({}));
    let asks = r#"functions = { echo = { lifecycle_events = ["CONNECT"] } }"#;
    let mut shapes = Vec::new();
    for (token_from, uri, headers) in [
        ("query", format!("?token={token}"), None),
        ("subprotocol", String::new(), Some(format!("sluicegate, {token}"))),
    ] {
        let emulator = guarded(&issuer, token_from, asks).await;
        let mut reader = StreamReader::open(&emulator.endpoint()).await;
        let uri = format!("{}{uri}", emulator.uri());
        let headers: Vec<_> = headers.iter().map(|offered| (PROTOCOL, offered.as_str())).collect();
        let handshake = Client::try_connect(&uri, &headers).await;
        assert_eq!(status(&handshake), StatusCode::SWITCHING_PROTOCOLS);
        let (record, event) = reader.next(|event| event["eventType"] == "CONNECT").await;
        assert_eq!(record.partition_key.as_deref(), event["connectionId"].as_str(), "{token_from}");
        shapes.push(shape(&event));
    }
    assert_eq!(shapes[0], shapes[1]);
}

/// An event without what differs from one connection to the next.
fn shape(event: &Value) -> Value {
    let mut event = event.clone();
    for name in ["connectionId", "requestId", "requestTimeEpoch", "connectedAt", "apiId"] {
        assert!(event[name].as_str().is_some_and(|value| !value.is_empty()), "{name}: {event}");
        event[name] = "…".into();
    }
    event
}
