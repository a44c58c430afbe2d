//! `@connections`, called as functions call it.

use aws_sdk_apigatewaymanagement::error::ProvideErrorMetadata as _;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use sluicegate_tests::plane::TestPlane;
use sluicegate_tests::{eventually, sdk};

/// A client's own connection id, which the echo function knows as the partition key of its record.
async fn connection_id(plane: &TestPlane, client: &mut sluicegate_tests::client::Client) -> String {
    client.send("not json").await;
    client.receive_json().await["connectionId"]
        .as_str()
        .map(Into::into)
        .unwrap_or_else(|| panic!("no id on {}", plane.uri()))
}

/// Facts B.
#[tokio::test(flavor = "multi_thread")]
async fn an_sdk_posts_to_asks_about_and_closes_a_connection() {
    let plane = TestPlane::start().await;
    let connections = sdk::connections(&plane.connections_endpoint());
    let mut client = plane.client().await;
    let id = connection_id(&plane, &mut client).await;

    connections
        .post_to_connection()
        .connection_id(&id)
        .data(Blob::new("hello"))
        .send()
        .await
        .expect("posted");
    assert_eq!(client.receive().await, "hello");

    let info = connections.get_connection().connection_id(&id).send().await.expect("told of");
    assert_eq!(info.identity().and_then(|identity| identity.source_ip()), Some("127.0.0.1"));
    assert!(info.connected_at() <= info.last_active_at());

    connections.delete_connection().connection_id(&id).send().await.expect("closed");
    assert_eq!(client.closed().await, (1000, "Connection Closed Normally".into()));
    let gone = connections.post_to_connection().connection_id(&id).data(Blob::new("late")).send().await;
    assert!(gone.expect_err("the client has left").into_service_error().is_gone_exception());
    assert!(
        connections
            .get_connection()
            .connection_id(&id)
            .send()
            .await
            .expect_err("gone")
            .into_service_error()
            .is_gone_exception()
    );
    assert!(
        connections
            .delete_connection()
            .connection_id(&id)
            .send()
            .await
            .expect_err("gone")
            .into_service_error()
            .is_gone_exception()
    );
}

/// Facts B: 410 for a client that left by itself; 400 for what is no id.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_left_is_gone_and_a_malformed_id_is_a_bad_request() {
    let plane = TestPlane::start().await;
    let connections = sdk::connections(&plane.connections_endpoint());
    let mut client = plane.client().await;
    let id = connection_id(&plane, &mut client).await;
    client.close().await;
    eventually("the connection is gone", || async {
        let post = connections.post_to_connection().connection_id(&id).data(Blob::new("x")).send().await;
        post.is_err_and(|error| error.into_service_error().is_gone_exception())
    })
    .await;
    let malformed =
        connections.post_to_connection().connection_id("nonsense").data(Blob::new("x")).send().await;
    assert_eq!(malformed.expect_err("refused").into_service_error().code(), Some("BadRequestException"));
}

/// Facts B: up to 128 KB, on the wire in frames of at most 32 KB; more is 413.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_message_is_posted_whole_and_a_larger_one_refused() {
    let plane = TestPlane::start().await;
    let connections = sdk::connections(&plane.connections_endpoint());
    let mut client = plane.client().await;
    let id = connection_id(&plane, &mut client).await;
    let largest = "é".repeat(64 * 1_024);
    connections
        .post_to_connection()
        .connection_id(&id)
        .data(Blob::new(largest.clone()))
        .send()
        .await
        .expect("posted");
    assert_eq!(client.receive().await, largest);
    let larger = Blob::new(vec![b'x'; 128 * 1_024 + 1]);
    let refused = connections.post_to_connection().connection_id(&id).data(larger).send().await;
    assert!(refused.expect_err("refused").into_service_error().is_payload_too_large_exception());
}

/// Facts B: 429 where the client does not read; memory stays bounded, and the client is not cut off.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_fills_its_buffer() {
    let plane = TestPlane::start().await;
    let connections = sdk::connections(&plane.connections_endpoint());
    let mut client = plane.client().await;
    let id = connection_id(&plane, &mut client).await;
    let message = "x".repeat(128 * 1_024);
    let mut posted = 0;
    loop {
        let post = connections.post_to_connection().connection_id(&id).data(Blob::new(message.clone()));
        // The SDK would retry what is meant to be seen here.
        let once = aws_sdk_apigatewaymanagement::config::retry::RetryConfig::disabled();
        let config = aws_sdk_apigatewaymanagement::Config::builder().retry_config(once);
        match post.customize().config_override(config).send().await {
            Ok(_) => posted += 1,
            Err(error) => {
                assert!(error.into_service_error().is_limit_exceeded_exception());
                break;
            }
        }
        assert!(posted < 1_000, "the gateway queues without end");
    }
    for _ in 0..posted {
        assert_eq!(client.receive().await, message);
    }
}
