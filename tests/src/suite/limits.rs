//! Sizes: which messages pass, and with which code a connection closes for larger ones.

use crate::client::Client;
use crate::endpoint::Endpoint;
use serde_json::json;
use std::sync::Arc;

/// API Gateway's limit of one frame.
const FRAME_BYTES_MAX: usize = 32 * 1_024;
/// API Gateway's limit of one message.
const MESSAGE_BYTES_MAX: usize = 128 * 1_024;
/// RFC 6455: message too big.
const TOO_BIG: u16 = 1009;

/// A message of exactly this many bytes.
fn message(bytes: usize) -> String {
    json!({"pad": "x".repeat(bytes - r#"{"pad":""}"#.len())}).to_string()
}

/// 30 KB in one frame, and 100 KB in several.
pub async fn a_large_message_comes_back_whole(endpoint: Arc<Endpoint>) {
    let mut client = Client::connect(&endpoint.websocket_uri).await;
    let small = message(30 * 1_024);
    client.send(small.clone()).await;
    assert_eq!(client.receive().await, small);
    let large = message(100 * 1_024);
    client.send_fragmented(&large, FRAME_BYTES_MAX).await;
    assert_eq!(client.receive().await, large);
}

/// The message itself is within its limit.
pub async fn a_frame_over_32_kb_closes_with_1009(endpoint: Arc<Endpoint>) {
    let mut client = Client::connect(&endpoint.websocket_uri).await;
    client.send(message(FRAME_BYTES_MAX + 1)).await;
    assert_eq!(client.closed().await.0, TOO_BIG);
}

/// Each of the frames is within its limit.
pub async fn a_message_over_128_kb_closes_with_1009(endpoint: Arc<Endpoint>) {
    let mut client = Client::connect(&endpoint.websocket_uri).await;
    client.send_fragmented(&message(MESSAGE_BYTES_MAX + 1), FRAME_BYTES_MAX).await;
    assert_eq!(client.closed().await.0, TOO_BIG);
}
