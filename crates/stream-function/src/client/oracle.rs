//! Our requests and signatures are those of AWS's own SDKs.

use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_apigatewaymanagement as management;
use aws_sdk_sqs as sqs;
use aws_smithy_async::time::StaticTimeSource;
use aws_smithy_http_client::test_util::{CaptureRequestReceiver, capture_request};
use bytes::Bytes;
use http::{Method, Request};

use super::{EndpointConnections, Queue, transport};
use crate::environment::Environment;

/// 2026-11-23T05:33:20Z.
const NOW_EPOCH_S: u64 = 1_795_412_000;

fn environment() -> Environment {
    Environment {
        function_name: "echo".into(),
        region: "eu-west-1".into(),
        access_key_id: "AKIDEXAMPLE".into(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
        session_token: Some("token/with+signs==".into()),
        connections_endpoint: "http://127.0.0.1:4566/_aws/execute-api/a1b2/v1".into(),
        sqs_endpoint: "http://127.0.0.1:4566".into(),
        dead_letter_queue_url: "http://127.0.0.1:4566/000000000000/dlq".into(),
        log_payloads: false,
        metrics_level: "INFO",
        answers_probes: true,
    }
}

macro_rules! sdk_client {
    ($sdk:ident, $endpoint:expr) => {{
        let (http, captured) = capture_request(None);
        let own = environment();
        let config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($sdk::config::Region::new(own.region))
            .credentials_provider($sdk::config::Credentials::new(
                own.access_key_id,
                own.secret_access_key,
                own.session_token,
                None,
                "test",
            ))
            .endpoint_url($endpoint)
            .time_source(StaticTimeSource::from_secs(NOW_EPOCH_S))
            .http_client(http)
            .build();
        ($sdk::Client::from_conf(config), captured)
    }};
}

/// The SDK's request as one of ours, with the headers that it signs; what signing adds is left to be added.
fn captured(receiver: CaptureRequestReceiver) -> (Request<Bytes>, String) {
    let sdk = receiver.expect_request();
    let authorization = sdk.headers().get("authorization").unwrap().to_owned();
    let signed = authorization.split("SignedHeaders=").nth(1).unwrap().split(',').next().unwrap();
    let mut request = Request::builder().method(sdk.method()).uri(sdk.uri());
    for name in
        signed.split(';').filter(|name| !["host", "x-amz-date", "x-amz-security-token"].contains(name))
    {
        request = request.header(name, sdk.headers().get(name).unwrap());
    }
    (request.body(Bytes::copy_from_slice(sdk.body().bytes().unwrap())).unwrap(), authorization)
}

/// What the SDK sent is what we send, and our signature of it is the SDK's.
fn compare(service: &str, ours: Request<Bytes>, receiver: CaptureRequestReceiver) {
    let (mut theirs, authorization) = captured(receiver);
    assert_eq!((ours.method(), ours.uri()), (theirs.method(), theirs.uri()));
    for name in ["content-type", "x-amz-target"] {
        assert_eq!(ours.headers().get(name), theirs.headers().get(name), "{name}");
    }
    let json = |body: &Bytes| serde_json::from_slice::<serde_json::Value>(body).ok();
    assert_eq!(json(ours.body()), json(theirs.body()));
    let transport = transport(&environment()).unwrap();
    transport.sign(service, &mut theirs, UNIX_EPOCH + Duration::from_secs(NOW_EPOCH_S)).unwrap();
    assert_eq!(theirs.headers().get("authorization").unwrap(), authorization.as_str());
}

fn connections() -> EndpointConnections {
    EndpointConnections::new(transport(&environment()).unwrap(), environment().connections_endpoint)
}

/// Ids end with `=`, which is encoded once in the path and once more in the signature.
const IDS: [&str; 3] = ["L0SM9cOFvHcCIhw=", "a/b+c?d=", "ü-._~ @"];

#[tokio::test]
async fn posts_are_the_sdks() {
    for id in IDS {
        let (client, receiver) = sdk_client!(management, environment().connections_endpoint);
        let blob = management::primitives::Blob::new(br#"{"msg":"Hello World!"}"#);
        let _ = client.post_to_connection().connection_id(id).data(blob).send().await;
        let ours = connections()
            .request(Method::POST, id, Bytes::from_static(br#"{"msg":"Hello World!"}"#))
            .unwrap();
        compare("execute-api", ours, receiver);
    }
}

#[tokio::test]
async fn gets_and_deletes_are_the_sdks() {
    for id in IDS {
        let (client, receiver) = sdk_client!(management, environment().connections_endpoint);
        let _ = client.get_connection().connection_id(id).send().await;
        compare("execute-api", connections().request(Method::GET, id, Bytes::new()).unwrap(), receiver);
        let (client, receiver) = sdk_client!(management, environment().connections_endpoint);
        let _ = client.delete_connection().connection_id(id).send().await;
        compare("execute-api", connections().request(Method::DELETE, id, Bytes::new()).unwrap(), receiver);
    }
}

#[tokio::test]
async fn messages_are_the_sdks() {
    let (client, receiver) = sdk_client!(sqs, environment().sqs_endpoint);
    let own = environment();
    let body = r#"{"reason":"gave_up","error":"ünicode \"quoted\""}"#;
    let _ = client.send_message().queue_url(&own.dead_letter_queue_url).message_body(body).send().await;
    let queue = Queue::new(transport(&own).unwrap(), own.sqs_endpoint, own.dead_letter_queue_url);
    compare("sqs", queue.request(body).unwrap(), receiver);
}
