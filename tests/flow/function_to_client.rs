//! `@connections`, called as by functions.

use aws_sdk_apigatewaymanagement::error::ProvideErrorMetadata as _;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use sluicegate_tests::test_emulator::TestEmulator;
use sluicegate_tests::{eventually, sdk};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A client's connection id, from the partition key of its record.
async fn connection_id(emulator: &TestEmulator, client: &mut sluicegate_tests::client::Client) -> String {
    client.send("not json").await;
    client.receive_json().await["connectionId"]
        .as_str()
        .map(Into::into)
        .unwrap_or_else(|| panic!("no id on {}", emulator.uri()))
}

/// See docs/aws-behaviour.md#apigateway-connections.
#[tokio::test(flavor = "multi_thread")]
async fn an_sdk_posts_to_asks_about_and_closes_a_connection() {
    let emulator = TestEmulator::start().await;
    let connections = sdk::connections(&emulator.connections_endpoint());
    let mut client = emulator.client().await;
    let id = connection_id(&emulator, &mut client).await;

    connections
        .post_to_connection()
        .connection_id(&id)
        .data(Blob::new("hello"))
        .send()
        .await
        .expect("posted");
    assert_eq!(client.receive().await, "hello");

    let info =
        connections.get_connection().connection_id(&id).send().await.expect("GET @connections succeeds");
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

/// docs/aws-behaviour.md#apigateway-connections: 410 for a client that has left, and 400 for a malformed id.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_left_is_gone_and_a_malformed_id_is_a_bad_request() {
    let emulator = TestEmulator::start().await;
    let connections = sdk::connections(&emulator.connections_endpoint());
    let mut client = emulator.client().await;
    let id = connection_id(&emulator, &mut client).await;
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

/// docs/aws-behaviour.md#apigateway-connections: up to 128 KB in frames of at most 32 KB; 413 for more.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_message_is_posted_whole_and_a_larger_one_refused() {
    let emulator = TestEmulator::start().await;
    let connections = sdk::connections(&emulator.connections_endpoint());
    let mut client = emulator.client().await;
    let id = connection_id(&emulator, &mut client).await;
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

/// docs/aws-behaviour.md#apigateway-connections: 429 if the client does not read; memory stays bounded, and the client
/// stays connected.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_fills_its_buffer() {
    let emulator = TestEmulator::start().await;
    let connections = sdk::connections(&emulator.connections_endpoint());
    let mut client = emulator.client().await;
    let id = connection_id(&emulator, &mut client).await;
    let message = "x".repeat(128 * 1_024);
    let mut posted = 0;
    loop {
        let post = connections.post_to_connection().connection_id(&id).data(Blob::new(message.clone()));
        // Without retries, because the test is about the first error.
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

/// docs/aws-behaviour.md#apigateway-connections: posted data is sent in frames of at most 32 KB, and as a binary message
/// if it is not UTF-8 (decided). The test reads single frames, which a WebSocket library would join.
#[tokio::test(flavor = "multi_thread")]
async fn a_post_travels_in_frames_of_at_most_32_kb() {
    let emulator = TestEmulator::start().await;
    let connections = sdk::connections(&emulator.connections_endpoint());
    let mut client = RawClient::connect(&emulator).await;
    client.send_text("not json").await;
    let (_, _, refusal) = client.frame().await;
    let refusal: serde_json::Value = serde_json::from_slice(&refusal).expect("a refusal");
    let id = refusal["connectionId"].as_str().expect("an id");
    let post =
        |data: Vec<u8>| connections.post_to_connection().connection_id(id).data(Blob::new(data)).send();

    post(vec![b'x'; 100 * 1_024]).await.expect("posted");
    let mut frames = Vec::new();
    loop {
        let (is_last, opcode, payload) = client.frame().await;
        frames.push((opcode, payload.len()));
        if is_last {
            break;
        }
    }
    let (text, continuation, kb) = (1, 0, 1_024);
    assert_eq!(
        frames,
        [(text, 32 * kb), (continuation, 32 * kb), (continuation, 32 * kb), (continuation, 4 * kb)]
    );

    post(vec![0xff, 0xfe]).await.expect("posted");
    let binary = 2;
    assert_eq!(client.frame().await, (true, binary, vec![0xff, 0xfe]));
}

/// docs/aws-behaviour.md#apigateway-connections: addresses by path and by host reach the same connection, and only with a
/// signature.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_reached_by_path_and_by_host_if_the_call_is_signed() {
    let emulator = TestEmulator::start().await;
    let mut client = emulator.client().await;
    let id = connection_id(&emulator, &mut client).await.replace('=', "%3D");
    let api = &emulator.composed.api_id;
    let local = emulator.emulator.address().to_string();
    let aws = format!("{api}.execute-api.us-east-1.amazonaws.com");
    let localstack = format!("{api}.execute-api.localhost.localstack.cloud:4566");
    let by_path = format!("/_aws/execute-api/{api}/v1/@connections/{id}");
    let encoded = format!("/v1/%40connections/{id}");
    let by_host = format!("/v1/@connections/{id}");
    let mut number = 0;
    for (host, path) in
        [(&local, &by_path), (&local, &by_host), (&aws, &by_host), (&aws, &encoded), (&localstack, &by_host)]
    {
        number += 1;
        assert_eq!(request(&emulator, host, path, "", "unsigned").await, 403, "{host} {path}");
        let status = request(&emulator, host, path, SIGNATURE, &number.to_string()).await;
        assert_eq!(status, 200, "{host} {path}");
        assert_eq!(client.receive().await, number.to_string());
    }
}

/// docs/aws-behaviour.md#apigateway-wrong-stage, observed: an address without the right stage gets the gateway's 403.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_the_right_stage_is_forbidden() {
    let emulator = TestEmulator::start().await;
    let mut client = emulator.client().await;
    let id = connection_id(&emulator, &mut client).await.replace('=', "%3D");
    let api = &emulator.composed.api_id;
    let local = emulator.emulator.address().to_string();
    let aws = format!("{api}.execute-api.us-east-1.amazonaws.com");
    let beneath = format!("/_aws/execute-api/{api}");
    for (host, path) in [
        (&aws, format!("/@connections/{id}")),
        (&aws, format!("/%40connections/{id}")),
        (&aws, "/@connections".to_owned()),
        (&aws, format!("/v2/@connections/{id}")),
        (&aws, format!("/v1/v1/@connections/{id}")),
        (&aws, "/v1/@connections/".to_owned()),
        (&local, format!("{beneath}/@connections/{id}")),
        (&local, format!("{beneath}/v2/@connections/{id}")),
        (&local, format!("{beneath}/v1/chat/@connections/{id}")),
        (&local, format!("/_aws/execute-api/other/v1/@connections/{id}")),
        (&local, format!("/@connections/{id}")),
    ] {
        let answer = answer(&emulator, "POST", host, &path, SIGNATURE, "x").await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{host}{path}: {answer}");
        assert!(answer.contains("\r\ncontent-type: application/json\r\n"), "{host}{path}: {answer}");
        assert!(answer.ends_with("\r\n\r\n{\"message\":\"Forbidden\"}"), "{host}{path}: {answer}");
    }
}

/// docs/aws-behaviour.md#apigateway-gone: a 410 has no body, for every well-formed id.
#[tokio::test(flavor = "multi_thread")]
async fn the_answer_for_a_gone_connection_has_no_body() {
    let emulator = TestEmulator::start().await;
    let mut client = emulator.client().await;
    let left = connection_id(&emulator, &mut client).await;
    let host = emulator.emulator.address().to_string();
    let status_of = async |method: &str, id: &str| {
        let path = format!(
            "/_aws/execute-api/{}/v1/@connections/{}",
            emulator.composed.api_id,
            id.replace('=', "%3D")
        );
        answer(&emulator, method, &host, &path, SIGNATURE, "").await
    };
    client.close().await;
    eventually("the client is gone", || async { status_of("GET", &left).await.starts_with("HTTP/1.1 410 ") })
        .await;
    for id in [
        &left,
        "H111mc0HywMCEEf=",
        "Qyi07eCbtjMCJKw=",
        "Qyi07eCbtjMCJKz=",
        "_-_-_-_-_-_-_-_=",
        "AAAAAAAAAAAAAAB=",
    ] {
        for method in ["POST", "GET", "DELETE"] {
            let answer = status_of(method, id).await;
            assert!(answer.starts_with("HTTP/1.1 410 "), "{method} {id}: {answer}");
            assert!(answer.contains("\r\nx-amzn-errortype: GoneException\r\n"), "{method} {id}: {answer}");
            assert!(answer.contains("\r\ncontent-length: 0\r\n"), "{method} {id}: {answer}");
            assert!(
                answer.ends_with("\r\n\r\n") && !answer.contains("content-type"),
                "{method} {id}: {answer}"
            );
        }
    }
    for id in ["nonsense", "H111mc0HywMCEEf", "H111mc0HywMCE/f=", "H111mc0HywMCEE%20"] {
        let answer = status_of("POST", id).await;
        assert!(
            answer.starts_with("HTTP/1.1 400 ") && answer.contains("Invalid connectionId"),
            "{id}: {answer}"
        );
    }
}

/// A header with the developer's keys, whose signatures are not verified.
const SIGNATURE: &str = "Authorization: AWS4-HMAC-SHA256 Credential=developer/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=0\r\n";

/// Sends a POST with a `Host`; returns the status.
async fn request(emulator: &TestEmulator, host: &str, path: &str, header: &str, body: &str) -> u16 {
    let answer = answer(emulator, "POST", host, path, header, body).await;
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

/// Sends a request with a `Host`; returns the whole response.
async fn answer(
    emulator: &TestEmulator,
    method: &str,
    host: &str,
    path: &str,
    header: &str,
    body: &str,
) -> String {
    let mut socket = TcpStream::connect(emulator.emulator.address()).await.expect("a connection");
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{header}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("an answer");
    answer
}

/// A client that reads single frames, without a WebSocket library.
struct RawClient(TcpStream);

impl RawClient {
    async fn connect(emulator: &TestEmulator) -> Self {
        let mut socket = TcpStream::connect(emulator.emulator.address()).await.expect("a connection");
        let request = "GET /v1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        socket.write_all(request.as_bytes()).await.expect("sent");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.expect("an answer"));
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        Self(socket)
    }

    /// Sends a text frame of fewer than 126 bytes, masked with zeros.
    async fn send_text(&mut self, text: &str) {
        let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).expect("a short text"), 0, 0, 0, 0];
        frame.extend(text.as_bytes());
        self.0.write_all(&frame).await.expect("sent");
    }

    /// The next frame: whether it is the last of its message, its opcode and its payload.
    async fn frame(&mut self) -> (bool, u8, Vec<u8>) {
        let read = async {
            let first = self.0.read_u8().await?;
            let length = match self.0.read_u8().await? {
                126 => u64::from(self.0.read_u16().await?),
                127 => self.0.read_u64().await?,
                short => u64::from(short),
            };
            let mut payload = vec![0; usize::try_from(length).expect("a length")];
            self.0.read_exact(&mut payload).await?;
            Ok::<_, std::io::Error>((first & 0x80 != 0, first & 0x0f, payload))
        };
        tokio::time::timeout(sluicegate_tests::PATIENCE, read)
            .await
            .expect("a frame in time")
            .expect("a frame")
    }
}
