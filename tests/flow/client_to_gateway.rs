//! The gateway's behaviour towards clients: addresses, limits, closing and throttling.

use emulator::EmulatorOptions;
use emulator::services::apigateway::websocket::Timers;
use serde_json::json;
use sluicegate_tests::client::Client;
use sluicegate_tests::test_emulator::TestEmulator;
use std::time::Duration;
use tokio_tungstenite::tungstenite::http::{Response, StatusCode};
use tokio_tungstenite::tungstenite::{Error, Message};

async fn refused(uri: &str) -> Response<Option<Vec<u8>>> {
    match sluicegate_tests::client::open(uri).await {
        Err(Error::Http(response)) => *response,
        other => panic!("{uri} should refuse the handshake, not {other:?}"),
    }
}

/// docs/aws-behaviour.md#apigateway-handshake-status: decided for an unknown stage.
#[tokio::test(flavor = "multi_thread")]
async fn a_stage_that_does_not_exist_is_refused_and_named() {
    let emulator = TestEmulator::start().await;
    let response = refused(&format!("ws://{}/nowhere", emulator.emulator.address())).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let hint = response.headers()["x-sluicegate-hint"].to_str().unwrap();
    assert!(hint.contains(&emulator.composed.api_id) && hint.contains("/v1"), "{hint}");
    let body: serde_json::Value = serde_json::from_slice(response.body().as_deref().unwrap()).unwrap();
    assert_eq!(body["message"], "Forbidden");
}

/// docs/aws-behaviour.md#apigateway-frames: URL length.
#[tokio::test(flavor = "multi_thread")]
async fn a_url_of_more_than_4096_characters_is_refused() {
    let emulator = TestEmulator::start().await;
    let response = refused(&format!("{}?pad={}", emulator.uri(), "x".repeat(4_096))).await;
    assert_eq!(response.status(), StatusCode::URI_TOO_LONG);
}

/// DESIGN: every form of address reaches the same stage.
#[tokio::test(flavor = "multi_thread")]
async fn the_path_form_of_the_address_reaches_the_stage() {
    let emulator = TestEmulator::start().await;
    let uri =
        format!("ws://{}/_aws/execute-api/{}/v1", emulator.emulator.address(), emulator.composed.api_id);
    let mut client = Client::connect(&uri).await;
    client.send(r#"{"by":"path"}"#).await;
    assert_eq!(client.receive_json().await, json!({"by": "path"}));
}

/// docs/aws-behaviour.md#apigateway-frames: frames of 32 KB, messages of 128 KB, else 1009.
#[tokio::test(flavor = "multi_thread")]
async fn messages_travel_up_to_the_limits_and_larger_frames_close_with_1009() {
    let emulator = TestEmulator::start().await;
    let message = |bytes: usize| json!({"pad": "x".repeat(bytes - r#"{"pad":""}"#.len())}).to_string();

    let mut client = emulator.client().await;
    let small = message(30 * 1_024);
    client.send(small.clone()).await;
    assert_eq!(client.receive().await, small);
    let large = message(100 * 1_024);
    client.send_fragmented(&large, 32 * 1_024).await;
    assert_eq!(client.receive().await, large);

    client.send(large).await;
    assert_eq!(client.closed().await.0, 1009);

    let mut client = emulator.client().await;
    client.send_fragmented(&message(129 * 1_024), 32 * 1_024).await;
    assert_eq!(client.closed().await.0, 1009);
}

/// docs/aws-behaviour.md#apigateway-frames: a binary frame from a client closes with 1003.
#[tokio::test(flavor = "multi_thread")]
async fn a_binary_message_closes_with_1003() {
    let emulator = TestEmulator::start().await;
    let mut client = emulator.client().await;
    client.send_message(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(client.closed().await.0, 1003);
}

/// docs/aws-behaviour.md#apigateway-frames, observed: an idle connection is closed with 1001 `Going away`.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_closed_with_1001() {
    let timers = Timers { idle: Duration::from_millis(200), ..Timers::default() };
    let emulator = TestEmulator::with("", EmulatorOptions { timers, ..EmulatorOptions::default() }).await;
    let mut client = emulator.client().await;
    assert_eq!(client.closed().await, (1001, "Going away".into()));
}

/// docs/aws-behaviour.md#apigateway-frames, decided: pings do not reset the idle timeout.
#[tokio::test(flavor = "multi_thread")]
async fn pings_do_not_keep_an_idle_connection_alive() {
    let timers = Timers { idle: Duration::from_millis(300), ..Timers::default() };
    let emulator = TestEmulator::with("", EmulatorOptions { timers, ..EmulatorOptions::default() }).await;
    let mut client = emulator.client().await;
    let closed = loop {
        if let Some(closed) = client.closed_within(Duration::from_millis(10)).await {
            break closed;
        }
        client.ping().await;
    };
    assert_eq!(closed, (1001, "Going away".into()));
}

/// docs/aws-behaviour.md#apigateway-frames: a busy connection ends at its longest lifetime too.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_with_its_lifetime() {
    let timers = Timers { lifetime: Duration::from_millis(300), ..Timers::default() };
    let emulator = TestEmulator::with("", EmulatorOptions { timers, ..EmulatorOptions::default() }).await;
    let mut client = emulator.client().await;
    client.send("1").await;
    assert_eq!(client.closed().await.0, 1001);
}

/// docs/aws-behaviour.md#apigateway-error-frames, documented: a message that the model rejects gets this frame and does
/// not enter the stream.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_not_json_gets_an_error_frame() {
    let emulator = TestEmulator::start().await;
    let mut client = emulator.client().await;
    client.send("not json").await;
    let frame = client.receive().await;
    assert!(frame.starts_with(r#"{"message" : "Bad request body", "connectionId": ""#), "{frame}");
    client.send("[1]").await;
    assert_eq!(client.receive().await, "[1]");
}

/// docs/aws-behaviour.md#apigateway-quotas: a message over the stage's rate gets an error frame; the connection stays open.
#[tokio::test(flavor = "multi_thread")]
async fn messages_over_the_stage_rate_are_refused() {
    let emulator = TestEmulator::with(
        "throttling = { rate_limit = 0.001, burst_limit = 3 }",
        EmulatorOptions::default(),
    )
    .await;
    let mut client = emulator.client().await;
    for _ in 0..3 {
        client.send("1").await;
    }
    let mut frames = Vec::new();
    for _ in 0..3 {
        frames.push(client.receive().await);
    }
    let refused = frames.iter().filter(|frame| frame.contains("Too Many Requests")).count();
    // The handshake took the first of three tokens.
    assert_eq!((refused, frames.len()), (1, 3), "{frames:?}");
}
